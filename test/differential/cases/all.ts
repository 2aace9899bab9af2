import type { Case } from '../case.js'
import { ACTIVITY } from './activity.js'
import { RESPONSE_BODIES } from './answers.js'
import { API } from './api.js'
import { CONTINUES, REQUEST_BODIES } from './bodies.js'
import { ERROR_PAGES } from './errors.js'
import { REQUEST_HEADERS, RESPONSE_HEADERS } from './forwarding.js'
import { BACKEND_FAULTS, CLIENT_GONE } from './gone.js'
import { ODD_REQUESTS, SMUGGLING, VERSIONS } from './hostile.js'
import { HOST_ROUTING } from './hosts.js'
import { METRICS_SERVER } from './metrics.js'
import { REWRITING } from './rewriting.js'
import { ROUTING } from './routing.js'
import { TIMEOUTS } from './timeouts.js'
import { API_TLS, PUBLIC_TLS, REDIRECT_SERVER, TARGET_TLS } from './tls.js'
import { UNIX_SOCKETS } from './unix-sockets.js'
import { WEBSOCKETS } from './websockets.js'

/** By what they are about, which goes before each name; those that wait longest first. */
const TOPICS: Readonly<Record<string, readonly Case[]>> = {
  timeouts: TIMEOUTS,
  activity: ACTIVITY,
  request: REQUEST_BODIES,
  '100-continue': CONTINUES,
  answer: RESPONSE_BODIES,
  routing: ROUTING,
  'request headers': REQUEST_HEADERS,
  'answer headers': RESPONSE_HEADERS,
  smuggling: SMUGGLING,
  'odd requests': ODD_REQUESTS,
  versions: VERSIONS,
  'client gone': CLIENT_GONE,
  'backend fault': BACKEND_FAULTS,
  websocket: WEBSOCKETS,
  API,
  hosts: HOST_ROUTING,
  rewriting: REWRITING,
  'error pages': ERROR_PAGES,
  'public TLS': PUBLIC_TLS,
  'target TLS': TARGET_TLS,
  'API TLS': API_TLS,
  redirect: REDIRECT_SERVER,
  'unix socket': UNIX_SOCKETS,
  metrics: METRICS_SERVER,
}

export const CASES: readonly Case[] = Object.entries(TOPICS).flatMap(([topic, cases]) =>
  cases.map((one) => ({ ...one, name: `${topic}: ${one.name}` })),
)
