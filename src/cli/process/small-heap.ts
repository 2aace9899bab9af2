/*
 * Has V8 keep its space for new objects as small as it is at the start. It would grow to 48 MB while the hub adds its
 * routes, and stay so; to collect it more often takes no time that shows. Importing this does it, since most of that
 * growth comes from loading modules.
 */
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--semi-space-growth-factor=1')
