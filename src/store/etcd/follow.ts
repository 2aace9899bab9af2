import type { WatchResponse__Output } from '#proto/etcdserverpb/WatchResponse.js'
import type { PlainLog } from '../../platform/log.js'
import type { Revision } from '../../routing/store.js'
import { Retries } from '../retries.js'
import type { EtcdClient } from './client.js'
import { EtcdCompactedError } from './errors.js'
import type { KeyRange } from './keys.js'
import type { Listed } from './list.js'
import { listRange } from './list.js'
import { revisionOf } from './operations.js'
import { watchRange } from './watch.js'

export interface FollowOptions {
  readonly client: EtcdClient
  readonly range: KeyRange
  /** The revision of the list that the caller has. */
  readonly from: Revision
  readonly log: PlainLog
  /** Changes, in order. */
  readonly onEvents: (answer: WatchResponse__Output) => void
  /** Single changes are no longer known: all keys. */
  readonly onList: (listed: Listed) => Promise<void>
  /** Stops it. */
  readonly signal: AbortSignal
}

/** Follows every change of a range of keys, until it is stopped. An etcd that is away is tried again. */
export async function follow({ client, range, from, log, onEvents, onList, signal }: FollowOptions): Promise<void> {
  const retries = new Retries('etcd', log)
  let known: Revision | undefined = from
  while (!signal.aborted) {
    try {
      if (known === undefined) {
        const listed = await listRange(client, range)
        await onList(listed)
        known = listed.revision
      }
      await watchRange(client, {
        ...{ range, signal, after: known, onBegun: () => retries.succeeded() },
        onEvents: (answer) => {
          known = lastIn(answer)
          onEvents(answer)
        },
      })
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof EtcdCompactedError) known = undefined
      await retries.failed(error as Error, signal)
    }
  }
}

function lastIn(answer: WatchResponse__Output): Revision {
  return BigInt(answer.events.at(-1)?.kv?.mod_revision ?? revisionOf(answer))
}
