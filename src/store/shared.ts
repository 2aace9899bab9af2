import createError from '@fastify/error'
import type { Route } from '../routing/route.js'
import type { OpenedStore, Revision, RouteChange, StoreEvent } from '../routing/store.js'

/** How long a member counts as alive after its last renewal. */
export const LEASE_MS = 10_000

/**
 * This member's lease has expired or was revoked. Others no longer wait for its Envoys, so it can't vouch for them. It
 * may join again, with a new id.
 */
export const LeaseLostError = createError(
  'CEP_LEASE_LOST',
  'The route was not changed: this control plane has lost its place among the others',
  503,
)

/** A control plane that takes calls and serves Envoys over a shared store. */
export interface Member {
  /** One for each registration: who joins again has a new one. Lower-case letters, digits and hyphens, 40 at most. */
  readonly id: string
  /** `host:port` at which other members reach it; undefined if they can't. */
  readonly address: string | undefined
  /** The store's revision of its registration. It is among those who see every later write. */
  readonly joined: Revision
}

/** A change that is stored, and whom it concerns. */
export interface StoredChange {
  readonly revision: Revision
  /**
   * All members as of the revision or later: each of them has to apply it. Whoever joins later loads it. Undefined if the
   * store takes no write of a member that was fenced, so that the writer is among them.
   */
  readonly members: readonly Member[] | undefined
}

/** All routes as of one revision. */
export interface Snapshot {
  readonly revision: Revision
  readonly routes: readonly Route[]
}

/** A store that several control planes write to. */
export interface SharedStore extends OpenedStore {
  /** Up to which revision the routes of {@link load} are complete. Known once that has resolved. */
  readonly loaded: Revision
  readonly members: Members
  watch(apply: (event: StoreEvent) => Promise<void>): void
  /**
   * As {@link write}, which it is used in place of where there may be other members.
   *
   * @throws LeaseLostError where a store can tell with the write that this member was fenced; nothing is stored then
   */
  writeAmong(change: RouteChange): Promise<StoredChange>
  /**
   * Whether a write of this member that was given up, such as one that got no answer, may still take effect and undo a later
   * one of another member.
   */
  readonly hasOpenWrite: boolean
  /** Sees to it that none does any more. @throws LeaseLostError, after which none can; StoreAwayError */
  settle(): Promise<void>
  /**
   * All routes as of the moment of the call or later, for a member that joins again. What {@link watch} reports goes on
   * beside it, from where it is.
   *
   * @throws StoreAwayError, or an Error if they can't be read
   */
  reload(): Promise<Snapshot>
  /** Whether this set of routes has been in use before, by whichever control plane. */
  hasBegun(): Promise<boolean>
  /** Notes that it is in use, for ever. */
  begin(): Promise<void>
  /** Whether it is this process that has noted so. */
  readonly isFirst: boolean
}

/** Who is in a fleet, kept in its store. */
export interface Members {
  /**
   * Registers this member with a lease of {@link LEASE_MS}. Call it before the routes are loaded: then each write is
   * among these, or its writer knows of this member.
   *
   * @throws StoreAwayError, or an Error if the id is taken or a right is missing
   */
  join(me: Pick<Member, 'id' | 'address'>): Promise<Member>
  /**
   * Makes the lease last for {@link LEASE_MS} from when this was called, or longer.
   *
   * @throws LeaseLostError if it is lost for good; any other error: the store wasn't reached, and the lease runs on
   */
  renew(): Promise<void>
  /** Ends the lease. Without one this does nothing. @throws StoreAwayError; it may be called again then */
  leave(): Promise<void>
  /**
   * All members as of the moment of the call or later, without those whose lease has expired. The lease of such a one
   * is lost before it is left out.
   *
   * @throws StoreAwayError
   */
  list(): Promise<readonly Member[]>
  /**
   * Revokes a member's lease, which may have ended. Once this has resolved, that member is in no list, and its
   * {@link renew} throws LeaseLostError. Of members that fence each other, one is left.
   *
   * @throws LeaseLostError if this member has lost its own lease; StoreAwayError
   */
  fence(id: string): Promise<void>
}

/** Whether other control planes may use the store, too. */
export function isShared(store: OpenedStore): store is SharedStore {
  return 'members' in store
}
