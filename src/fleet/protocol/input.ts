import type { Revision } from '../../routing/store.js'
import type { Member } from '../../store/shared.js'
import type { Status } from './messages.js'

/**
 * What a member is told. Times (`askedAt`) are of the clock whose time is passed with each input: monotonic, in
 * milliseconds. `askedAt` is read BEFORE the question is sent.
 */
export type Input =
  /** It is registered under this id, for the first time or again. Answers the effect `join`. */
  | { readonly type: 'joined'; readonly me: Member; readonly askedAt: number }
  /**
   * The table has all routes as of the revision. Answers `load`.
   *
   * @param isFirst whether nobody has used the store before this process: then no Envoys are on the move
   */
  | { readonly type: 'loaded'; readonly revision: Revision; readonly askedAt: number; readonly isFirst?: boolean }
  /** Answers `list`. If the store isn't reached there is no answer. */
  | { readonly type: 'members'; readonly members: readonly Member[]; readonly askedAt: number }
  /** Answers `renew`, if that succeeded. */
  | { readonly type: 'renewed'; readonly askedAt: number }
  /** Anything has thrown LeaseLostError. The registration with this id is lost for good. */
  | { readonly type: 'lost'; readonly id: string }
  /** Answers `fence`. */
  | { readonly type: 'revoked'; readonly id: string }
  /** Answers `fence` if the store wasn't reached. */
  | { readonly type: 'not-revoked'; readonly id: string }
  /** The store reports a write, or all routes. Answered at once with `apply` or nothing. */
  | { readonly type: 'event'; readonly revision: Revision }
  /** The promise of `apply` for an event has resolved, or was rejected by an Envoy's NACK. Once for each `apply`. */
  | { readonly type: 'applied'; readonly revision: Revision }
  /**
   * The store has been set back to an earlier state, as from a backup: revisions come again, of which nobody has the writes.
   * No `applied` or `loaded` of before comes after this.
   */
  | { readonly type: 'set-back' }
  /** An event isn't acknowledged by an Envoy, though the time limit of deliveries is over. */
  | { readonly type: 'stuck' }
  /** An Envoy at this member has acknowledged all that it lacked when it connected. */
  | { readonly type: 'envoy-here'; readonly node: string }
  /**
   * The last stream of an Envoy at this member has ended, for whatever reason. Comes before `applied` for any event that
   * no longer had to wait for it.
   *
   * @param silentMs for how long it had not answered; 0 if it is not known to have been silent
   */
  | { readonly type: 'envoy-left'; readonly node: string; readonly silentMs: number }
  /** A message from a peer. */
  | { readonly type: 'heard'; readonly status: Status }
  /** Nobody listens at the address of a peer: its process has ended. */
  | { readonly type: 'ended'; readonly id: string }
  /** A write of this member is about to be stored: `agree` may follow. */
  | { readonly type: 'writing' }
  /**
   * A write of this member is stored, and own Envoys have it: says when every other member's have it, too. If the store
   * has listed the members since without this one, `lost` comes first.
   *
   * @param call any number that no other call has
   */
  | { readonly type: 'agree'; readonly call: number; readonly revision: Revision }
  /** It ends in order: it takes no more calls, and those that were under way are answered. */
  | { readonly type: 'leave' }
  /** Time has passed: {@link FleetMember.wakeAt} has come. */
  | { readonly type: 'tick' }
