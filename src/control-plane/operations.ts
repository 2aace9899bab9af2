import { Operations } from '../operations/operations.js'
import { Prober } from '../operations/probe/prober.js'
import type { Recents } from '../operations/recent/recents.js'
import type { Settings } from '../settings/settings.js'
import type { Core } from './core.js'

/** Answers operators' questions from the parts of a control plane. */
export function operationsOf({ table, clusters, addresses }: Core, settings: Settings, recents: Recents): Operations {
  const prober = new Prober()
  return new Operations({
    ...{ settings, table, recents },
    clusters: clusters.subscriptions,
    names: addresses,
    probe: (request) => prober.probe(request),
    now: () => new Date(),
  })
}
