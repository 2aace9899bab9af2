import { Whereabouts } from '../../src/fleet/protocol/envoys.js'
import { Joining } from '../../src/fleet/protocol/joining.js'
import { Place } from '../../src/fleet/protocol/place.js'

/**
 * Faults that break the protocol on purpose, to see that the simulator finds each. Some are planted in what is around
 * the state machine (`Routes`, `ControlPlane`); the others replace a method of it.
 */
export const PLANTED = {
  'acknowledges-early': 'a member acknowledges a write before its Envoys have it',
  'applies-older-events': 'an event that is older than an own write is applied',
  'keeps-streams': 'a member that may have been fenced keeps its Envoys',
  'trusts-its-lease': 'a member does not doubt its place before the store says that it is lost',
  'joins-unannounced': 'a member serves before all others know that they must wait for it',
  'forgets-moving-envoys': 'a write does not wait for Envoys that are between two members',
} as const

export type FaultName = keyof typeof PLANTED

export function isFault(name: string): name is FaultName {
  return name in PLANTED
}

/** Plants a fault in the state machine; the returned function takes it out. */
export function plant(fault: FaultName | undefined): () => void {
  switch (fault) {
    case 'trusts-its-lease':
      return replace(Place.prototype, 'until', () => Number.POSITIVE_INFINITY)
    case 'joins-unannounced':
      return replace(Joining.prototype, 'isKnownTo', () => true)
    case 'forgets-moving-envoys':
      return replace(Whereabouts.prototype, 'moves', () => {})
    default:
      return () => {}
  }
}

function replace<T extends object, K extends keyof T>(of: T, name: K, by: T[K]): () => void {
  const before = of[name]
  of[name] = by
  return () => {
    of[name] = before
  }
}
