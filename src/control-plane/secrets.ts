import type { Logger } from '../platform/log.js'
import type { Reloadable } from '../platform/reloadable.js'
import { onReload } from '../platform/reloadable.js'
import type { FileWatch } from '../platform/watch.js'
import { resource } from '../resources/encode.js'
import { SECRET, TYPE_URL } from '../resources/names.js'
import { authoritiesSecret, certificateSecret } from '../resources/secret.js'
import type { TlsSettings } from '../settings/tls.js'
import type { Rejection } from '../xds/delivery.js'
import type { Resource } from '../xds/resource.js'
import type { ServedCollection, ServedCollectionOptions } from '../xds/served-collection.js'
import { SecretVersions } from './secret-versions.js'

/** What the publisher has to do with its collection. */
type Handlers = Pick<ServedCollectionOptions, 'onRejected' | 'onAcknowledged' | 'maxAResponse'>

export interface SecretPublisherOptions {
  readonly makeCollection: (handlers: Handlers) => ServedCollection
  readonly tls: TlsSettings
  readonly log: Logger
  /** Envoy can't use what the files held at the start. */
  readonly onUnusable: (message: string) => void
}

/** Hands certificates and authorities to Envoy, and again when their files change. */
export class SecretPublisher {
  /** What Envoys get. */
  readonly served: ServedCollection
  readonly #options: SecretPublisherOptions
  readonly #watches: FileWatch[] = []
  readonly #secrets = new Map<string, { readonly what: string; readonly versions: SecretVersions }>()

  constructor(options: SecretPublisherOptions) {
    this.#options = options
    this.served = options.makeCollection({
      onRejected: (rejection) => this.#rejected(rejection),
      onAcknowledged: (secret) => this.#secrets.get(secret.name)?.versions.acknowledged(secret),
      // Envoy looks at a secret once: sent again after its response was refused, it is acknowledged whatever it is.
      maxAResponse: 1,
    })
  }

  start(): void {
    const { public: at, targets } = this.#options.tls
    this.#publish(SECRET.publicCertificate, at?.certificate, certificateSecret)
    this.#publish(SECRET.clientAuthorities, at?.clientAuthorities, authoritiesSecret)
    this.#publish(SECRET.targetCertificate, targets.certificate, certificateSecret)
    this.#publish(SECRET.targetAuthorities, targets.authorities, authoritiesSecret)
  }

  #publish<T>(
    name: string,
    source: Reloadable<T> | undefined,
    build: (name: string, value: T) => { readonly name: string },
  ): void {
    if (source === undefined) return
    const give = (value: T) => this.replace(name, resource(TYPE_URL.secret, build(name, value)))
    this.#secrets.set(name, { what: source.what, versions: new SecretVersions() })
    give(source.first)
    // An Envoy that has refused one just before its control plane ended doesn't tell the next: see #rejected.
    this.served.subscriptions.resend([name])
    this.#watches.push(onReload(source, give, this.#options.log))
  }

  /** Gives it to every Envoy in the place of the one of before. */
  replace(name: string, secret: Resource): void {
    this.#secrets.get(name)?.versions.add(secret)
    this.served.collection.set(name, secret)
  }

  /**
   * An Envoy refused a secret. If it is the one that is wanted, all go back to the last one that Envoys have taken, and so
   * does an Envoy that starts from now on; the answer to one that has been replaced since changes nothing.
   */
  #rejected({ name, reason, version }: Rejection): void {
    const { log, onUnusable } = this.#options
    const { collection, subscriptions } = this.served
    const known = this.#secrets.get(name)
    const before = known?.versions.refused(version)
    const message = `Envoy can't use ${known?.what}: ${reason}.`
    if (collection.get(name)?.version !== version) {
      log.warn(`${message} It has been replaced since.`)
    } else if (before === undefined) {
      onUnusable(message)
      return
    } else {
      log.warn(`${message} What was there before stays in use.`)
      collection.set(name, before)
    }
    // Envoy keeps what it refused for who asks next, such as a new https route. So what it had before must be sent again.
    subscriptions.resend([name])
  }

  close(): void {
    for (const watch of this.#watches) watch.close()
  }
}
