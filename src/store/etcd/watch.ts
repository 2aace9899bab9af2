import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import type { WatchRequest } from '#proto/etcdserverpb/WatchRequest.js'
import type { WatchResponse__Output } from '#proto/etcdserverpb/WatchResponse.js'
import type { Revision } from '../../routing/store.js'
import type { EtcdClient } from './client.js'
import { EtcdAwayError, EtcdCompactedError, EtcdTokenError, errorOf } from './errors.js'
import type { KeyRange } from './keys.js'
import { rangeOf, revisionOf } from './operations.js'
import { RPC } from './rpc.js'

/**
 * How often etcd is asked for a sign of life on a watch without events, and how long it may give none. An etcd that
 * stands still would otherwise keep others waiting for what it doesn't report.
 */
const PROBE_MS = 300
const SILENCE_MS = 1_000

export interface WatchOptions {
  readonly range: KeyRange
  /** The last revision that is known already. */
  readonly after: Revision
  /** Ends it. */
  readonly signal: AbortSignal
  /** Called when it has begun. */
  readonly onBegun: () => void
  /** What one or more revisions have changed, in order. */
  readonly onEvents: (answer: WatchResponse__Output) => void
}

type Stream = ClientDuplexStream<WatchRequest, WatchResponse__Output>

/**
 * Watches a range of keys until the signal ends it or it fails.
 *
 * @throws EtcdCompactedError if the events after the revision are not known any more; EtcdAwayError, EtcdError
 */
export function watchRange(client: EtcdClient, options: WatchOptions): Promise<void> {
  return client.stream(RPC.watch, (stream) => {
    const { range, after } = options
    stream.write({ create_request: { ...rangeOf(range), start_revision: String(after + 1n) } })
    return untilEnd(stream, options)
  })
}

function untilEnd(stream: Stream, { after, signal, onBegun, onEvents }: WatchOptions): Promise<void> {
  let heard = performance.now()
  let probe: NodeJS.Timeout | undefined
  let stop = () => {}
  const ended = new Promise<void>((resolve, reject) => {
    // What the answer to a probe says is not used: in etcd 3.4 it may be ahead of events that are yet to come.
    probe = setInterval(() => {
      if (performance.now() - heard > SILENCE_MS) reject(new EtcdAwayError(`silent for ${SILENCE_MS / 1_000} s`))
      else stream.write({ progress_request: {} })
    }, PROBE_MS)
    stream.on('data', (answer: WatchResponse__Output) => {
      heard = performance.now()
      const failure = failureIn(answer, after)
      if (failure !== undefined) return reject(failure)
      if (answer.created) onBegun()
      if (answer.events.length > 0) onEvents(answer)
    })
    stream.on('error', (error: ServiceError) => reject(errorOf(error, SILENCE_MS)))
    stream.on('end', () => reject(new EtcdAwayError('it ended the watch')))
    stop = resolve
    signal.addEventListener('abort', stop)
    if (signal.aborted) resolve()
  })
  return ended.finally(() => {
    clearInterval(probe)
    signal.removeEventListener('abort', stop)
  })
}

/** Why an answer means that the watch has to begin anew; undefined if it doesn't. */
function failureIn(answer: WatchResponse__Output, after: Revision): Error | undefined {
  const { created, canceled, compact_revision, cancel_reason } = answer
  if (compact_revision !== '0') return new EtcdCompactedError(`compacted up to ${compact_revision}`)
  // An etcd that was restored from a backup counts from an earlier revision.
  if (created && revisionOf(answer) < after) return new EtcdCompactedError('the revision is lower than before')
  if (!canceled) return undefined
  if (/token|auth/.test(cancel_reason)) return new EtcdTokenError(cancel_reason)
  return new EtcdAwayError(`it cancelled the watch: ${cancel_reason || 'no reason given'}`)
}
