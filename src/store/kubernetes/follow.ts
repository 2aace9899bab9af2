import { setTimeout as delay } from 'node:timers/promises'
import type { PlainLog } from '../../platform/log.js'
import type { KubernetesClient } from './client.js'
import { ApiError } from './client.js'
import type { ConfigMaps, Listed, WatchEvent } from './config-maps.js'
import type { ConfigMap } from './objects.js'

/** The API server ends a watch after this, so that watchers spread over its replicas. */
const WATCH_SECONDS = 270

/** It sends a bookmark about every minute. A watch that is silent for longer has lost its connection. */
const SILENCE_MS = 100_000

/** The pause before a watch is tried again: doubled each time, and jittered so that many don't come at once. */
const PAUSE_MS = { first: 200, most: 10_000 } as const

const GONE = 410

export interface FollowOptions {
  readonly client: KubernetesClient
  readonly configMaps: ConfigMaps
  readonly selector: string
  /** The resource version of the list that the caller has. */
  readonly from: string
  readonly log: PlainLog
  /** A change, in order. */
  readonly onChange: (object: ConfigMap, isDeleted: boolean) => void
  /** Single changes are no longer known: all objects. */
  readonly onList: (listed: Listed) => void
  /** Stops it. */
  readonly signal: AbortSignal
}

/** Follows every change of the selected ConfigMaps, until it is stopped. An API server that is away is tried again. */
export async function follow(options: FollowOptions): Promise<void> {
  const { log, signal } = options
  let from: string | undefined = options.from
  let failures = 0
  while (!signal.aborted) {
    try {
      from ??= await listAgain(options)
      const events = await watchFrom(options, from)
      if (failures > 1) log.info('The Kubernetes API answers again')
      failures = 0
      for await (const event of events) from = report(event, options) ?? from
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.status === GONE) from = undefined
      failures += 1
      // One lost connection is ordinary.
      if (failures === 2) log.warn(`The Kubernetes API can't be watched, will retry: ${(error as Error).message}`)
      const pause = Math.min(PAUSE_MS.first * 2 ** failures, PAUSE_MS.most)
      await delay(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }
}

async function listAgain({ configMaps, selector, onList }: FollowOptions): Promise<string> {
  const listed = await configMaps.list(selector)
  onList(listed)
  return listed.resourceVersion
}

/** One watch, until the API server ends it. */
async function watchFrom(options: FollowOptions, from: string): Promise<AsyncIterable<string>> {
  const query = {
    ...{ watch: 'true', labelSelector: options.selector, allowWatchBookmarks: 'true' },
    ...{ resourceVersion: from, timeoutSeconds: String(WATCH_SECONDS) },
  }
  return options.client.watch({ path: options.configMaps.path, query }, options.signal, SILENCE_MS)
}

/** @returns the resource version up to which all changes are known now */
function report(line: string, { onChange }: FollowOptions): string | undefined {
  const event = JSON.parse(line) as WatchEvent
  if (event.type === 'ERROR') throw new ApiError(event.object.code, event.object.message)
  if (event.type !== 'BOOKMARK') onChange(event.object, event.type === 'DELETED')
  return event.object.metadata.resourceVersion
}
