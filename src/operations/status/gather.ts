import type { FleetView } from '../../fleet/view.js'
import type { Snapshot } from '../../metrics/snapshot.js'
import type { RouteTable } from '../../routing/table.js'
import type { Settings } from '../../settings/settings.js'
import { shownTarget } from '../explain/posted.js'
import type { Recents } from '../recent/recents.js'
import type { RouteFailure, StatusFacts } from './facts.js'

/** Where the facts come from. */
export interface StatusSources {
  readonly settings: Pick<Settings, 'external'>
  readonly table: Pick<RouteTable, 'get' | 'refusals'>
  readonly recents: Recents
  /** Takes the figures of now. */
  readonly snapshot: () => Promise<Snapshot>
  readonly fleet: () => FleetView | undefined
  /** The version of this program. */
  readonly version: string
}

/** Reads all that the status is made from. */
export async function gather({
  settings,
  table,
  recents,
  snapshot,
  fleet,
  version,
}: StatusSources): Promise<StatusFacts> {
  return {
    snapshot: await snapshot(),
    version,
    isEmbedded: settings.external === undefined,
    refusals: table.refusals(),
    hasDefaultRoute: table.get('/') !== undefined,
    failures: failuresOf(recents, table),
    events: recents.events.all,
    unstoredSince: recents.unstoredSince,
    fleet: fleet(),
  }
}

function failuresOf({ failures }: Recents, table: Pick<RouteTable, 'get'>): RouteFailure[] {
  const all = [...failures.all()].map(({ key, ...failure }) => {
    const route = key === undefined ? undefined : table.get(key)
    return { ...failure, routespec: route?.routespec ?? key, target: route && shownTarget(route.data.target) }
  })
  return all.sort((one, other) => other.last.getTime() - one.last.getTime())
}
