import { Operations } from '../operations/operations.js'
import type { Settings } from '../settings/settings.js'
import type { Core } from './core.js'

/** Answers operators' questions from the parts of a control plane. */
export function operationsOf({ table, clusters }: Core, { routing }: Settings): Operations {
  return new Operations({
    hostRouting: routing.hostRouting,
    table,
    clusters: clusters.subscriptions,
    now: () => new Date(),
  })
}
