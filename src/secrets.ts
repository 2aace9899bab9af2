import type { Logger } from './log.js'
import { SECRET, TYPE_URL } from './resources/names.js'
import { resource } from './resources/resource.js'
import { authoritiesSecret, certificateSecret } from './resources/secret.js'
import type { TlsSettings } from './settings/tls.js'
import type { Reloadable } from './tls/reload.js'
import { onReload } from './tls/reload.js'
import type { FileWatch } from './tls/watch.js'
import type { ResourceCollection } from './xds/collection.js'
import type { Resource } from './xds/resource.js'

export interface SecretPublisherOptions {
  readonly secrets: ResourceCollection
  readonly tls: TlsSettings
  readonly log: Logger
  /** Envoy can't use what the files held at the start. */
  readonly onUnusable: (message: string) => void
}

/** Hands certificates and authorities to Envoy, and again when their files change. */
export class SecretPublisher {
  readonly #options: SecretPublisherOptions
  readonly #watches: FileWatch[] = []
  readonly #what = new Map<string, string>()
  /** What goes back in place if Envoy refuses what has replaced it. */
  readonly #before = new Map<string, Resource | undefined>()

  constructor(options: SecretPublisherOptions) {
    this.#options = options
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
    const { secrets, log } = this.#options
    const set = (value: T) => {
      this.#before.set(name, secrets.get(name))
      secrets.set(name, resource(TYPE_URL.secret, build(name, value)))
    }
    this.#what.set(name, source.what)
    set(source.first)
    this.#watches.push(onReload(source, set, log))
  }

  /** Envoy refused a secret: it goes on with the one of before, and so does an Envoy that starts from now on. */
  rejected(name: string, reason: string): void {
    const message = `Envoy can't use ${this.#what.get(name)}: ${reason}.`
    const before = this.#before.get(name)
    if (before === undefined) {
      this.#options.onUnusable(message)
    } else {
      this.#options.log.warn(`${message} What was there before stays in use.`)
      // Envoy keeps what it refused for who asks next, such as a new https route: the old one must be sent again,
      // and so under another version.
      this.#options.secrets.set(name, { ...before, version: `${before.version}+` })
    }
  }

  close(): void {
    for (const watch of this.#watches) watch.close()
  }
}
