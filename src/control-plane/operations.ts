import type { Endpoint } from '../api/call.js'
import type { DataPlane } from '../data-plane/data-plane.js'
import type { FleetView } from '../fleet/view.js'
import type { Snapshot } from '../metrics/snapshot.js'
import { operationsApi } from '../operations/api.js'
import { Operations } from '../operations/operations.js'
import { Prober } from '../operations/probe/prober.js'
import type { Recents } from '../operations/recent/recents.js'
import { statusSite } from '../operations/site/site.js'
import { gather } from '../operations/status/gather.js'
import { packageVersion } from '../platform/package.js'
import { clusterName } from '../resources/names.js'
import type { Settings } from '../settings/settings.js'
import type { Core } from './core.js'

/**
 * Answers operators' questions from the parts of a control plane.
 *
 * @param snapshot takes the figures of now
 * @param fleet the control planes that serve the same routes; undefined if this is the only one
 */
export function operationsOf(
  { table, clusters, addresses }: Core,
  settings: Settings,
  recents: Recents,
  snapshot: () => Promise<Snapshot>,
  envoys: Pick<DataPlane, 'requestsOf'>,
  fleet: () => FleetView | undefined = () => undefined,
): Operations {
  const version = packageVersion()
  const prober = new Prober()
  return new Operations({
    ...{ settings, table, recents },
    statusFacts: () => gather({ settings, table, recents, snapshot, fleet, version }),
    clusters: clusters.subscriptions,
    names: addresses,
    requestsOf: (key) => envoys.requestsOf(clusterName(key)),
    probe: (request) => prober.probe(request),
    now: () => new Date(),
  })
}

/** What the API serves of these answers: as JSON, and as a page for people. */
export async function operationsEndpoints(operations: Operations, { api, routing }: Settings): Promise<Endpoint[]> {
  const { token, tls } = api
  const { hostRouting } = routing
  const site = await statusSite({ operations, token, isTls: tls !== undefined, hostRouting, now: Date.now })
  return [operationsApi(operations), site]
}
