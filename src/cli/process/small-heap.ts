/*
 * Keeps V8's space for new objects at its initial size. It would grow to 48 MB while the hub adds its routes, and not
 * shrink again. Importing this file does it, because loading modules causes most of that growth.
 *
 * In a small space objects grow old while a POST waits for Envoy. So the space for old objects is collected once it has
 * grown by a third; otherwise it may double, most of it garbage.
 */
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--semi-space-growth-factor=1')
setFlagsFromString('--heap-growing-percent=30')
