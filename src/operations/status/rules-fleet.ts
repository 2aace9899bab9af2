import type { FleetView, MemberView } from '../../fleet/view.js'
import type { StatusFacts } from './facts.js'
import type { Finding } from './finding.js'

/** That a control plane has been fenced is reported for so long, in seconds. */
const LATELY_SECONDS = 600

/** What is wrong with this control plane's place among others, and with the others. */
export function fleetRules({ fleet, snapshot }: StatusFacts): readonly Finding[] {
  if (fleet === undefined) return []
  const now = snapshot.at.getTime()
  return [...fleet.members.filter(({ self }) => self).flatMap(ownPlace), ...fenced(fleet, now)]
}

const WHY = {
  joining: 'has yet to join the others',
  'catching-up': 'is still reading what the others have written',
  doubtful: 'does not know whether the others still count on it',
  out: 'has lost its place among the others',
} as const

function ownPlace({ standing }: MemberView): readonly Finding[] {
  if (standing === 'in') return []
  const what = `This control plane ${WHY[standing]}: it takes no calls of the hub.`
  const remedy = 'Wait some seconds. If this stays, check that it reaches the store and the other control planes.'
  return [
    { code: 'out_of_place', level: standing === 'doubtful' || standing === 'out' ? 'red' : 'amber', what, remedy },
  ]
}

function fenced({ fenced: all }: FleetView, now: number): readonly Finding[] {
  const [last] = all.filter(({ at }) => now - Date.parse(at) <= LATELY_SECONDS * 1000)
  if (last === undefined) return []
  const who = last.self ? 'This control plane' : `The control plane ${last.address ?? last.id}`
  const remedy = 'See whether it has come back, its log, and the network between it, the others and the store.'
  return [{ code: 'member_fenced', level: 'amber', what: `${who} was fenced: ${last.why}.`, remedy }]
}
