import type { Effect } from '../../src/fleet/protocol/effect.js'
import type { Random } from '../../test/support/random.js'
import type { ControlPlane } from './control-plane.js'
import type { FaultName } from './faults-planted.js'
import type { ModelStore } from './model-store.js'
import type { Network } from './network.js'
import type { Timeline } from './timeline.js'

/** What surrounds a control plane. */
export interface PlaneWorld {
  readonly timeline: Timeline
  readonly network: Network
  readonly random: Random
  readonly store: ModelStore
  /** Whether the store is as etcd, which writes, lists and fences in transactions; otherwise as the Kubernetes API. */
  readonly hasTransactions: boolean
  /** The fault that was planted, if it is one of what is around the state machine. */
  readonly fault: FaultName | undefined
  readonly nextId: () => number
  /** Is told what happens, for a replay. */
  readonly trace: ((line: string) => void) | undefined
  /** Carries a message to another control plane. */
  readonly deliver: (from: ControlPlane, effect: Extract<Effect, { type: 'send' }>) => void
}
