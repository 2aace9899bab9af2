import type { FleetStore } from '../fleet/store.js'
import type { ServerConnections } from '../metrics/limits.js'
import type { ConnectionCount, Observations } from '../metrics/observations.js'
import type { Snapshot } from '../metrics/snapshot.js'
import { takeSnapshot } from '../metrics/take-snapshot.js'
import type { OpenedStore } from '../routing/store.js'
import type { Settings } from '../settings/settings.js'
import type { AdsServer } from '../xds/server.js'
import type { Core } from './core.js'

export interface FiguresOptions {
  readonly settings: Settings
  readonly observations: Observations
  readonly core: Pick<Core, 'table' | 'addresses'>
  readonly ads: Pick<AdsServer, 'envoys'>
  /** The connections of each server that has opened. */
  readonly servers: ReadonlyMap<ServerConnections['limit'], ConnectionCount>
  readonly store: Pick<OpenedStore, 'directory'>
  readonly fleet?: Pick<FleetStore, 'figures'> | undefined
}

/** Makes the function that takes a snapshot, for the metrics and the status page. */
export function figures(options: FiguresOptions): () => Promise<Snapshot> {
  const { settings, observations, core, ads, servers, store, fleet } = options
  return () =>
    takeSnapshot({
      ...{ settings, observations, storeDirectory: store.directory },
      fleet: () => fleet?.figures,
      routes: () => ({ total: core.table.size, rejected: core.table.refusals().size }),
      envoys: () => ads.envoys(),
      names: () => core.addresses.count,
      servers: () => [...servers].map(([limit, { open, most }]) => ({ limit, used: open, max: most })),
    })
}
