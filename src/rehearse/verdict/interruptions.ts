import { incidentNamed } from '../incidents/all.js'
import type { IncidentRecord, Rehearsal, Second } from '../record.js'

/** The seconds in which requests may fail, since no single proxy could serve on: from the first to before the second. */
export interface Interruption {
  readonly from: number
  readonly to: number
}

/**
 * From each incident that interrupts any proxy, until a user may no longer be without service.
 *
 * @param maxGap how long that may last after the incident, in seconds
 */
export function interruptionsOf(incidents: readonly IncidentRecord[], maxGap: number): Interruption[] {
  return incidents
    .filter(({ name }) => incidentNamed(name)?.interrupts === true)
    .map(({ fromMs, toMs }) => ({ from: Math.floor(fromMs / 1000), to: Math.ceil(toMs / 1000) + maxGap }))
}

/** The seconds in which all should be well. */
export function calmSeconds({ seconds, incidents }: Rehearsal, maxGap: number): Second[] {
  const interruptions = interruptionsOf(incidents, maxGap)
  return seconds.filter(({ at }) => !interruptions.some(({ from, to }) => at >= from && at < to))
}
