import type { Revision } from '../routing/store.js'
import type { Fenced } from './history.js'
import type { Standing } from './protocol/messages.js'
import type { PeerView } from './protocol/peer.js'

/** The control planes over one store, as one of them knows them: what `GET /api/members` answers. */
export interface FleetView {
  /** Where the routes are. */
  readonly store: string
  /**
   * The last write that is known here; if none is, a revision up to which all in their places have all. Revisions are strings,
   * since they may be larger than a number in JSON.
   */
  readonly revision: string
  readonly members: readonly MemberView[]
  /** Who has lost its place lately, the last one first. */
  readonly fenced: readonly FencedView[]
}

export interface MemberView {
  readonly id: string
  /** `host:port`; null if others can't reach it. */
  readonly address: string | null
  /** Whether it is the one that answers. */
  readonly self: boolean
  readonly standing: Standing
  /** Up to which write its Envoys have all; at most the last one that is known here. */
  readonly acknowledged: string
  /** The node ids of its Envoys. */
  readonly envoys: readonly string[]
  /** How many seconds ago it was last heard here; null for the one that answers, and for one that was never heard. */
  readonly heard_seconds_ago: number | null
  /**
   * How many seconds ago it has asked for its lease or renewed it, by its own word. The lease lasts 10 s from then. Null if
   * it has none, or hasn't said so.
   */
  readonly lease_renewed_seconds_ago: number | null
  /** Whether its lease is revoked. */
  readonly fenced: boolean
}

export interface FencedView {
  readonly at: string
  readonly id: string
  readonly address: string | null
  readonly self: boolean
  readonly why: string
}

/** Figures of one member of a fleet. */
export interface FleetFigures {
  /** Whether it takes calls and Envoys. */
  readonly isIn: boolean
  /** How many members are in their place, as far as this one knows. */
  readonly members: number
  /** How often it has fenced another one, and lost its own place. */
  readonly fenced: number
  readonly lost: number
}

/** What {@link fleetView} is made from. */
export interface FleetFacts {
  readonly store: string
  /** The last write that is known here; undefined if none is. */
  readonly lastWrite: Revision | undefined
  readonly self: {
    readonly id: string
    readonly address: string | undefined
    readonly standing: Standing
    readonly acknowledged: Revision
    readonly envoys: readonly string[]
    readonly leaseAgeMs: number | undefined
  }
  readonly peers: readonly PeerView[]
  readonly fenced: readonly Fenced[]
}

export function fleetView(facts: FleetFacts): FleetView {
  const { store, self, peers, fenced } = facts
  const revision = facts.lastWrite ?? lowestOf(facts)
  const own: MemberView = {
    ...{ id: self.id, address: self.address ?? null, self: true, standing: self.standing },
    ...{ acknowledged: upTo(revision, self.acknowledged), envoys: self.envoys },
    ...{ heard_seconds_ago: null, lease_renewed_seconds_ago: inSeconds(self.leaseAgeMs), fenced: false },
  }
  return {
    store,
    revision: String(revision),
    members: [own, ...peers.map((peer) => memberView(peer, revision))],
    fenced: fenced.map(({ at, id, address, isSelf, why }) => {
      return { at: at.toISOString(), id, address: address ?? null, self: isSelf, why }
    }),
  }
}

/** The store gives revisions to more than routes, so members that have all the same may have acknowledged different ones. */
function lowestOf({ self, peers }: FleetFacts): Revision {
  let lowest = self.acknowledged
  for (const { standing, isFenced, acknowledged } of peers) {
    if (standing === 'in' && !isFenced && acknowledged < lowest) lowest = acknowledged
  }
  return lowest
}

/** Who has read all routes since the last write may have acknowledged more than that. */
function upTo(last: Revision, acknowledged: Revision): string {
  return String(acknowledged < last ? acknowledged : last)
}

function memberView(peer: PeerView, last: Revision): MemberView {
  const { member, standing, acknowledged, envoys, heardMs, leaseAgeMs, isFenced } = peer
  return {
    ...{ id: member.id, address: member.address ?? null, self: false, standing },
    ...{ acknowledged: upTo(last, acknowledged), envoys },
    ...{ heard_seconds_ago: inSeconds(heardMs), lease_renewed_seconds_ago: inSeconds(leaseAgeMs), fenced: isFenced },
  }
}

function inSeconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms / 100) / 10
}
