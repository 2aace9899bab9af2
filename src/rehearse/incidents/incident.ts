import type { Incident } from '../world.js'

/** An incident of this program: what it does, what users should notice of it, and where it happened. */
export interface NamedIncident extends Incident {
  /** What users of a good proxy notice, in a sentence. */
  readonly noticed: string
  /** Where it is reported, or why it is to be expected. */
  readonly source: string
  /**
   * Whether no single proxy can serve on while it happens. Requests may fail then, for as long as a user may be without
   * service; in any other incident none may, but for those that are excused.
   */
  readonly interrupts: boolean
}

/** Thrown by an incident that can't happen to this proxy, such as the death of Envoy to one that has none. */
export class NotApplicableError extends Error {
  override readonly name = 'NotApplicableError'
}
