import type { Clock } from '../platform/clock.js'
import type { Logger } from '../platform/log.js'
import type { Reloadable } from '../platform/reloadable.js'
import { TYPE_URL } from '../resources/names.js'
import type { TlsSettings } from '../settings/tls.js'
import type { Rejection } from '../xds/delivery.js'
import type { ServedCollectionOptions } from '../xds/served-collection.js'
import { ServedCollection } from '../xds/served-collection.js'
import type { WaitPolicy } from '../xds/wait-policy.js'
import { rejectionLine } from './refusal-lines.js'
import { SecretPublisher } from './secrets.js'

/** How long a change of a route waits for Envoy. JupyterHub gives up on a call after 20 s. */
const ACK_TIMEOUT_MS = 10_000

export interface CollectionsOptions {
  readonly tls: TlsSettings
  /** See {@link SecretPublisherOptions.collectorAuthorities}. */
  readonly collectorAuthorities: Reloadable<Buffer> | undefined
  readonly policy: WaitPolicy
  readonly log: Logger
  readonly clock: Clock
  /** Called whenever an Envoy rejects a resource. */
  readonly onRejected: (rejection: Rejection) => void
  /** Called with a sentence when an Envoy rejects a resource without which it can't serve users. */
  readonly onUnusable: (message: string) => void
}

/** A collection for each type of resource that Envoys get. */
export interface Collections {
  readonly clusters: ServedCollection
  readonly listeners: ServedCollection
  readonly routeConfigurations: ServedCollection
  readonly tokenBuckets: ServedCollection
  readonly secrets: SecretPublisher
}

/** Makes the collections, and decides for each type what happens when an Envoy rejects a resource. */
export function makeCollections(options: CollectionsOptions): Collections {
  const { tls, collectorAuthorities, policy, log, clock, onRejected, onUnusable } = options
  const make = (
    typeUrl: string,
    handlers: Omit<ServedCollectionOptions, 'typeUrl' | 'ackTimeoutMs' | 'policy' | 'clock'>,
  ) =>
    new ServedCollection({
      ...{ typeUrl, ackTimeoutMs: ACK_TIMEOUT_MS, policy, clock, ...handlers },
      onRejected: (rejection) => {
        onRejected(rejection)
        handlers.onRejected(rejection)
      },
    })
  return {
    clusters: make(TYPE_URL.cluster, {
      onRejected: (rejection) => log.warn(rejectionLine(rejection)),
    }),
    listeners: make(TYPE_URL.listener, {
      onRejected: ({ name, reason }) => onUnusable(`Envoy can't serve the ${name} port: ${reason}`),
    }),
    routeConfigurations: make(TYPE_URL.routeConfiguration, {
      onRejected: ({ reason }) => onUnusable(`Envoy rejected the lookup of routes: ${reason}`),
    }),
    tokenBuckets: make(TYPE_URL.tokenBucket, {
      onRejected: (rejection) => log.warn(rejectionLine(rejection)),
    }),
    secrets: new SecretPublisher({
      tls,
      collectorAuthorities,
      log,
      onUnusable,
      makeCollection: (handlers) => make(TYPE_URL.secret, handlers),
    }),
  }
}
