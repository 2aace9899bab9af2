import type { Revision } from '../../routing/store.js'
import type { Member } from '../../store/shared.js'
import type { Standing, Status } from './messages.js'

/** What a member does. Effects are carried out in their order, none of them waiting for an earlier one's end. */
export type Effect =
  /** Release the earlier lease, if there is one, and register under a new id: until it succeeds. Answered by `joined`. */
  | { readonly type: 'join' }
  /** Read all routes of the store and apply them as one event: until it succeeds. Answered by `loaded`. */
  | { readonly type: 'load' }
  /** Ask the store for the members. Answered by `members`, `lost`, or not at all: it is asked again. */
  | { readonly type: 'list' }
  /** Renew the lease. Answered by `renewed`, `lost`, or not at all. */
  | { readonly type: 'renew' }
  /** Revoke a member's lease. Answered by `revoked`, `not-revoked` or `lost`. */
  | { readonly type: 'fence'; readonly id: string }
  /** Keep up a stream with this member until `disconnect`. Messages to it are lost while there is none. */
  | { readonly type: 'connect'; readonly member: Member }
  | { readonly type: 'disconnect'; readonly id: string }
  | { readonly type: 'send'; readonly to: string; readonly status: Status }
  /** Apply the event that was just reported, and say `applied` once that has resolved. */
  | { readonly type: 'apply'; readonly revision: Revision }
  /**
   * Where this member stands now. In `joining` and `out` it ends all streams of Envoys, before any further effect; only
   * in `in` it takes Envoys and changes of routes.
   */
  | { readonly type: 'standing'; readonly standing: Standing }
  /** Answers `agree`: every Envoy has the write; or it can't be told, which is a 503, and the write is stored. */
  | { readonly type: 'answer'; readonly call: number; readonly agreed: boolean }
  /** It has told its peers that it is out: the lease may be released. */
  | { readonly type: 'gone' }
