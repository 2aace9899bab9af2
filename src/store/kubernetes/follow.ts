import type { PlainLog } from '../../platform/log.js'
import { Retries } from '../retries.js'
import type { KubernetesClient } from './client.js'
import { ApiError } from './client.js'
import type { ConfigMaps, Listed, WatchEvent } from './config-maps.js'
import type { ConfigMap } from './objects.js'

/** The API server ends a watch after this, so that watchers spread over its replicas. */
const WATCH_SECONDS = 270

/** It sends a bookmark about every minute. A watch that is silent for longer has lost its connection. */
const SILENCE_MS = 100_000

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
  const retries = new Retries('The Kubernetes API', log)
  while (!signal.aborted) {
    try {
      from ??= await listAgain(options)
      const events = await watchFrom(options, from)
      retries.succeeded()
      for await (const event of events) from = report(event, options) ?? from
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.status === GONE) from = undefined
      await retries.failed(error as Error, signal)
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
