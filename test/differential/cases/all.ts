import type { Case } from '../case.js'
import { ACTIVITY, METRICS_SERVER } from './activity.js'
import { API } from './api.js'
import { CONTINUES, REQUEST_BODIES, RESPONSE_BODIES } from './bodies.js'
import { ERROR_PAGES } from './errors.js'
import { REQUEST_HEADERS, RESPONSE_HEADERS } from './forwarding.js'
import { GONE, SMUGGLING, VERSIONS } from './hostile.js'
import { HOST_ROUTING } from './hosts.js'
import { REWRITING } from './rewriting.js'
import { ROUTING } from './routing.js'
import { TIMEOUTS } from './timeouts.js'
import { TLS, UNIX_SOCKETS } from './tls.js'
import { WEBSOCKETS } from './websockets.js'

/** Those that wait longest first. */
export const CASES: readonly Case[] = [
  ...TIMEOUTS,
  ...ACTIVITY,
  ...REQUEST_BODIES,
  ...CONTINUES,
  ...RESPONSE_BODIES,
  ...ROUTING,
  ...REQUEST_HEADERS,
  ...RESPONSE_HEADERS,
  ...SMUGGLING,
  ...VERSIONS,
  ...GONE,
  ...WEBSOCKETS,
  ...API,
  ...HOST_ROUTING,
  ...REWRITING,
  ...ERROR_PAGES,
  ...TLS,
  ...UNIX_SOCKETS,
  ...METRICS_SERVER,
]
