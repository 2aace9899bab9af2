import type { NamedDifference } from '../differences.js'
import { API } from './api.js'
import { FAULTS } from './faults.js'
import { MESSAGES } from './messages.js'
import { PROCESS } from './process.js'
import { REQUESTS } from './requests.js'
import { ROUTING } from './routing.js'

/** All that differs from CHP on purpose. The first row that fits is the one that counts. */
export const DIFFERENCES: readonly NamedDifference[] = [
  ...ROUTING,
  ...API,
  ...REQUESTS,
  ...FAULTS,
  ...MESSAGES,
  ...PROCESS,
]
