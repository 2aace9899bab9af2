import { FatalError } from '../../platform/fatal-error.js'
import type { PlannedIncident } from '../world.js'
import { INCIDENTS, incidentNamed } from './all.js'

/** The part of its share of time that passes before an incident without a time of its own begins, to compare with. */
const BEFORE = 0.2

const UNITS: Readonly<Record<string, number>> = { '': 1_000, ms: 1, s: 1_000, m: 60_000 }

/**
 * When each incident happens. Those without a time share what is left after all users have come, in their order.
 *
 * @param asked names, each alone or with its time after the start: `envoy-killed`, `table-lost@120s`
 * @throws FatalError for an unknown name, or a time at which the rehearsal is over
 */
export function planIncidents(
  asked: readonly string[],
  { rampMs, forMs }: { readonly rampMs: number; readonly forMs: number },
): PlannedIncident[] {
  const inARow = asked.filter((one) => !one.includes('@'))
  const share = Math.max(0, forMs - rampMs) / Math.max(1, inARow.length)
  let begun = 0
  const planned = asked.map((one): PlannedIncident => {
    const [name = '', time] = one.split('@')
    const incident = incidentNamed(name)
    if (incident === undefined) throw new FatalError(`There is no incident '${name}'. There are ${names()}.`)
    const atMs = time === undefined ? rampMs + share * (begun++ + BEFORE) : milliseconds(time, one)
    if (atMs >= forMs) {
      throw new FatalError(`${one} would begin after ${atMs / 1000} s, but the rehearsal ends after ${forMs / 1000} s.`)
    }
    return { asked: one, incident, atMs }
  })
  return planned.sort((one, other) => one.atMs - other.atMs)
}

function milliseconds(time: string, asked: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(time) ?? []
  if (digits === undefined) throw new FatalError(`${asked}: the time after @ is a number with s or m, such as @90s.`)
  return Number(digits) * (UNITS[unit] ?? 1)
}

function names(): string {
  return INCIDENTS.map(({ name }) => name).join(', ')
}
