import type { Tally } from '../tally/tally.js'
import type { Origin } from '../wire/socket.js'
import type { Site } from './site.js'

/** What all visits share. */
export interface Surroundings {
  readonly site: Site
  readonly origin: Origin
  readonly tally: Tally
  /** When the rehearsal started, by `performance.now()`. */
  readonly startedAt: number
}
