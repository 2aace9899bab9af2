import type { PlainLog } from '../../platform/log.js'
import { Retries } from '../retries.js'
import type { KubernetesClient } from './client.js'
import { ApiAwayError, ApiError } from './client.js'
import type { ConfigMaps, Listed, WatchEvent } from './config-maps.js'
import type { ConfigMap } from './objects.js'

/** The API server ends a watch after this, so that watchers spread over its replicas. */
const WATCH_SECONDS = 270

/** It sends a bookmark about every minute. A watch that is silent for longer has lost its connection. */
const SILENCE_MS = 100_000

/** A watch that lasts no longer is a failure, also if it has ended in order. */
const SHORT_MS = 1_000

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
  readonly onList: (listed: Listed) => Promise<void>
}

/** Follows every change of the selected ConfigMaps, until it is stopped. An API server that is away is tried again. */
export class Following {
  readonly #options: FollowOptions
  readonly #retries: Retries
  readonly #stop = new AbortController()
  /** Ends the present watch. */
  #watch = new AbortController()
  readonly #ended: Promise<void>

  constructor(options: FollowOptions) {
    this.#options = options
    this.#retries = new Retries('The Kubernetes API', options.log)
    this.#ended = this.#follow(options.from)
  }

  /**
   * Goes on with another watch from where the present one is. That one's connection may lead nowhere: it would be noticed
   * only after {@link SILENCE_MS}.
   */
  anew(): void {
    this.#watch.abort()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#watch.abort()
    await this.#ended
  }

  async #follow(first: string): Promise<void> {
    const { signal } = this.#stop
    let from: string | undefined = first
    while (!signal.aborted) {
      const watch = new AbortController()
      this.#watch = watch
      try {
        from ??= await this.#listAgain()
        const events = await this.#watchFrom(from, watch.signal)
        this.#retries.succeeded()
        const begun = performance.now()
        for await (const event of events) from = report(event, this.#options) ?? from
        if (performance.now() - begun < SHORT_MS) throw new ApiAwayError('it has ended the watch at once')
      } catch (error) {
        if (watch.signal.aborted) continue
        if (error instanceof ApiError && error.status === GONE) from = undefined
        await this.#retries.failed(error as Error, signal)
      } finally {
        // The server may go on with what could not be read here.
        watch.abort()
      }
    }
  }

  async #listAgain(): Promise<string> {
    const { configMaps, selector, onList } = this.#options
    const listed = await configMaps.list(selector)
    await onList(listed)
    return listed.resourceVersion
  }

  /** One watch, until the API server ends it. */
  #watchFrom(from: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const { client, configMaps, selector } = this.#options
    const query = {
      ...{ watch: 'true', labelSelector: selector, allowWatchBookmarks: 'true' },
      ...{ resourceVersion: from, timeoutSeconds: String(WATCH_SECONDS) },
    }
    return client.watch({ path: configMaps.path, query }, signal, SILENCE_MS)
  }
}

/** @returns the resource version up to which all changes are known now */
function report(line: string, { onChange }: FollowOptions): string | undefined {
  const event = JSON.parse(line) as WatchEvent
  if (event.type === 'ERROR') throw new ApiError(event.object.code, event.object.message)
  if (event.type !== 'BOOKMARK') onChange(event.object, event.type === 'DELETED')
  return event.object.metadata.resourceVersion
}
