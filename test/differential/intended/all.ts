import type { NamedDifference } from '../differences.js'
import { API } from './api.js'
import { ERROR_PAGES } from './error-pages.js'
import { FAULTS } from './faults.js'
import { FORWARDING } from './forwarding.js'
import { MESSAGES } from './messages.js'
import { PROCESS } from './process.js'
import { REQUESTS } from './requests.js'
import { ROUTING } from './routing.js'
import { SERVERS } from './servers.js'
import { TIMEOUTS } from './timeouts.js'
import { TLS } from './tls.js'

/** All that differs from CHP on purpose, by the headings of docs/compatibility.md. */
export const SECTIONS: Readonly<Record<string, readonly NamedDifference[]>> = {
  Routing: ROUTING,
  'REST API': API,
  Rewriting: FORWARDING,
  'Unusual requests': REQUESTS,
  Timeouts: TIMEOUTS,
  'Backends and websockets': FAULTS,
  TLS,
  'Error pages': ERROR_PAGES,
  'Other servers, activity and stores': SERVERS,
  'How messages are written': MESSAGES,
  'The command': PROCESS,
}

/** The first one that fits is the one that counts. */
export const DIFFERENCES: readonly NamedDifference[] = Object.values(SECTIONS).flat()
