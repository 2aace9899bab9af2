/*
 * Keeps V8's space for new objects at its initial size. It would grow to 48 MB while the hub adds its routes, and not
 * shrink again; collecting it more often takes no measurable time. Importing this file does it, because loading modules
 * causes most of that growth.
 */
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--semi-space-growth-factor=1')
