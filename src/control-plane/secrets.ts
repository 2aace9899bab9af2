import type { Logger } from '../platform/log.js'
import type { Reloadable } from '../platform/reloadable.js'
import { onReload } from '../platform/reloadable.js'
import type { FileWatch } from '../platform/watch.js'
import { encodeResource } from '../resources/encode.js'
import { SECRET, TYPE_URL } from '../resources/names.js'
import { authoritiesSecret, certificateSecret } from '../resources/secret.js'
import type { TlsSettings } from '../settings/tls.js'
import type { Rejection } from '../xds/delivery.js'
import type { Resource } from '../xds/resource.js'
import type { ServedCollection, ServedCollectionOptions } from '../xds/served-collection.js'
import { SecretVersions } from './secret-versions.js'

/** What the publisher decides for its collection. */
type Handlers = Pick<ServedCollectionOptions, 'onRejected' | 'onAcknowledged' | 'maxAResponse'>

export interface SecretPublisherOptions {
  readonly makeCollection: (handlers: Handlers) => ServedCollection
  readonly tls: TlsSettings
  /** Those of the collector of traces; undefined if it has no TLS. */
  readonly collectorAuthorities?: Reloadable<Buffer> | undefined
  readonly log: Logger
  /** Called when Envoy can't use a secret and there is no earlier version to roll back to. */
  readonly onUnusable: (message: string) => void
}

/** Publishes certificates and authorities to Envoys, and again when their files change. */
export class SecretPublisher {
  readonly served: ServedCollection
  readonly #options: SecretPublisherOptions
  readonly #watches: FileWatch[] = []
  readonly #secrets = new Map<string, { readonly what: string; readonly versions: SecretVersions }>()

  constructor(options: SecretPublisherOptions) {
    this.#options = options
    this.served = options.makeCollection({
      onRejected: (rejection) => this.#rejected(rejection),
      onAcknowledged: (secret) => this.#secrets.get(secret.name)?.versions.acknowledged(secret),
      // Envoy checks a secret once: if it is sent again after its response was rejected, Envoy acknowledges even a bad
      // one.
      maxAResponse: 1,
    })
  }

  start(): void {
    const { public: at, targets } = this.#options.tls
    this.#publish(SECRET.publicCertificate, at?.certificate, certificateSecret)
    this.#publish(SECRET.clientAuthorities, at?.clientAuthorities, authoritiesSecret)
    this.#publish(SECRET.targetCertificate, targets.certificate, certificateSecret)
    this.#publish(SECRET.targetAuthorities, targets.authorities, authoritiesSecret)
    this.#publish(SECRET.collectorAuthorities, this.#options.collectorAuthorities, authoritiesSecret)
  }

  #publish<T>(
    name: string,
    source: Reloadable<T> | undefined,
    build: (name: string, value: T) => { readonly name: string },
  ): void {
    if (source === undefined) return
    const publish = (value: T) => this.replace(name, encodeResource(TYPE_URL.secret, build(name, value)))
    this.#secrets.set(name, { what: source.what, versions: new SecretVersions() })
    publish(source.first)
    // Envoy doesn't report that it rejected a secret just before the last control plane ended: see #rejected.
    this.served.subscriptions.resend([name])
    this.#watches.push(onReload(source, publish, this.#options.log))
  }

  /** Replaces a secret on every Envoy. */
  replace(name: string, secret: Resource): void {
    this.#secrets.get(name)?.versions.add(secret)
    this.served.collection.set(name, secret)
  }

  /**
   * An Envoy rejected a secret. If that is the current version, all Envoys, also later ones, go back to the last
   * version that was acknowledged. If it has been replaced since, nothing changes.
   */
  #rejected({ name, reason, version }: Rejection): void {
    const { log, onUnusable } = this.#options
    const { collection, subscriptions } = this.served
    const known = this.#secrets.get(name)
    const before = known?.versions.rejected(version)
    const message = `Envoy can't use ${known?.what}: ${reason}.`
    if (collection.get(name)?.version !== version) {
      log.warn(`${message} It has been replaced since.`)
    } else if (before === undefined) {
      onUnusable(message)
      return
    } else {
      log.warn(`${message} The previous content stays in use.`)
      collection.set(name, before)
    }
    // Envoy keeps a rejected secret for later subscribers, such as a new https route. So the previous one must be
    // re-sent.
    subscriptions.resend([name])
  }

  close(): void {
    for (const watch of this.#watches) watch.close()
  }
}
