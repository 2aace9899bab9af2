import type { StatusFacts } from './facts.js'
import { isRecent } from './facts.js'
import type { Finding } from './finding.js'

/** A restart of Envoy is reported for so long, in seconds. */
const LATELY_SECONDS = 600
/** So many within that time are no accident. */
const OFTEN = 3

/** What is wrong with the Envoys, or with their connection to this control plane. */
export function envoyRules(facts: StatusFacts): readonly Finding[] {
  return [...connected(facts), ...refusing(facts), ...versions(facts), ...restarted(facts)]
}

function connected({ snapshot, isEmbedded, events }: StatusFacts): readonly Finding[] {
  if (snapshot.envoys.length > 0) return []
  if (!isEmbedded) {
    const what = 'No Envoy is connected: those that run serve what they have, and changes of routes wait.'
    const remedy = 'Check that the Envoys run, that they reach --xds-address, and that their certificates are accepted.'
    return [{ code: 'no_envoy', level: 'red', what, remedy }]
  }
  const [last] = events
  const hasEnded = last?.kind === 'envoy_ended'
  const what = hasEnded
    ? `Envoy has ended (${last.reason}) and is being started again: users are not served.`
    : 'Envoy is not connected: it is starting, or it serves what it has and changes of routes wait.'
  const remedy =
    "Wait some seconds. If this stays, read the log's lines that begin with [Envoy], and run `configurable-envoy-proxy doctor`."
  return [{ code: hasEnded ? 'envoy_restarting' : 'no_envoy', level: 'red', what, remedy }]
}

function refusing({ snapshot }: StatusFacts): readonly Finding[] {
  return snapshot.envoys
    .filter(({ rejected }) => rejected > 0)
    .map(({ id, rejected }) => ({
      code: 'envoy_refuses',
      level: 'amber',
      what: `Envoy ${id} refuses ${rejected === 1 ? 'a part' : `${rejected} parts`} of its configuration.`,
      remedy: 'The refusals below have its reason. What it refuses is not in use, or used as it was before.',
    }))
}

function versions({ snapshot }: StatusFacts): readonly Finding[] {
  const found = [...new Set(snapshot.envoys.flatMap(({ version }) => version ?? []))].sort()
  if (found.length < 2) return []
  const what = `Envoys of different versions are connected: ${found.join(', ')}.`
  return [
    {
      code: 'versions_differ',
      level: 'amber',
      what,
      remedy: 'Normal during an upgrade. Otherwise replace the older ones.',
    },
  ]
}

/** How often Envoy has ended lately. What it was doing for users then is lost. */
function restarted(facts: StatusFacts): readonly Finding[] {
  const ends = facts.events.filter(({ kind, at }) => kind === 'envoy_ended' && isRecent(at, facts, LATELY_SECONDS))
  const count = ends.reduce((sum, end) => sum + end.count, 0)
  const [last] = ends
  if (last === undefined) return []
  const isOften = count >= OFTEN
  const what = isOften
    ? `Envoy has ended ${count} times within ten minutes (${last.reason}): users lose their connections each time.`
    : `Envoy was restarted within the last ten minutes (${last.reason}), and users lost their connections.`
  const remedy = isOften
    ? "Read the log's lines that begin with [Envoy], and run `configurable-envoy-proxy doctor`."
    : 'JupyterLab reconnects by itself. If it happens again, read the log around that time.'
  return [{ code: 'envoy_restarted', level: isOften ? 'red' : 'amber', what, remedy }]
}
