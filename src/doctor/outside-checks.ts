import type { AnyCheck } from './model/check.js'
import { anyCheck } from './model/check.js'
import { STREAMING, UPLOAD } from './outside/checks/bodies.js'
import { ESCAPES, FORWARDED_FOR, FORWARDED_PROTO, HOST } from './outside/checks/headers.js'
import { CERTIFICATE_LASTS, CERTIFICATE_TRUSTED, HTTP2 } from './outside/checks/tls.js'
import { ENVOY_REACHES_ECHO, URL_LEADS_HERE } from './outside/checks/way.js'
import { IDLE_WEBSOCKET, WEBSOCKET } from './outside/checks/websockets.js'
import type { Visit } from './outside/visit.js'

/** How long an upload may take, and a websocket may be idle, beside the time for other checks, in milliseconds. */
const LONG_MS = 700_000

/** The checks of the way in from outside, in the order of their codes. */
export const OUTSIDE_CHECKS: ReadonlyArray<AnyCheck<Visit>> = [
  anyCheck(ENVOY_REACHES_ECHO),
  anyCheck(URL_LEADS_HERE),
  anyCheck(CERTIFICATE_TRUSTED),
  anyCheck(CERTIFICATE_LASTS),
  anyCheck(HTTP2),
  anyCheck(WEBSOCKET),
  anyCheck(IDLE_WEBSOCKET, LONG_MS),
  anyCheck(UPLOAD, LONG_MS),
  anyCheck(STREAMING, LONG_MS),
  anyCheck(FORWARDED_PROTO),
  anyCheck(FORWARDED_FOR),
  anyCheck(HOST),
  anyCheck(ESCAPES),
]
