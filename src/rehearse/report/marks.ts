import type { IncidentRecord } from '../record.js'

/** Where an incident is in the plots. */
export interface Mark {
  /** From 1 on, in the order of the report. */
  readonly number: number
  readonly name: string
  /** Seconds after the start. */
  readonly from: number
  readonly to: number
}

/** Of those that happened. */
export function marksOf(incidents: readonly IncidentRecord[]): Mark[] {
  return incidents.flatMap(({ name, fromMs, toMs, applicable }, index) =>
    applicable ? [{ number: index + 1, name, from: fromMs / 1000, to: toMs / 1000 }] : [],
  )
}
