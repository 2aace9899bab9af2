import { experimental, ServerCredentials } from '@grpc/grpc-js'
import type { Logger } from '../platform/log.js'
import type { Reloadable } from '../platform/reloadable.js'
import { onReload } from '../platform/reloadable.js'
import type { FileWatch } from '../platform/watch.js'
import type { KeyPair } from '../tls/files.js'

/** How Envoys and the control plane authenticate each other. */
export interface MutualTls {
  readonly certificate: Reloadable<KeyPair>
  /** The authorities that must have signed an Envoy's certificate. */
  readonly authorities: Reloadable<Buffer>
}

/** The result of {@link reloadingCredentials}. Closing it stops watching the files. */
export interface ReloadingCredentials {
  readonly credentials: ServerCredentials
  close(): void
}

type CertificateProvider = experimental.CertificateProvider
type Listeners<T> = Set<(update: T) => void>

/**
 * Admits only clients with a certificate signed by the authorities. New connections use the files' current content;
 * open streams continue.
 */
export function reloadingCredentials(tls: MutualTls, log: Logger): ReloadingCredentials {
  const identity = new Latest<experimental.IdentityCertificateUpdate>(identityOf(tls.certificate.first))
  const authorities = new Latest<experimental.CaCertificateUpdate>({ caCertificate: tls.authorities.first })
  const watches: FileWatch[] = [
    onReload(tls.certificate, (pair) => identity.set(identityOf(pair)), log),
    onReload(tls.authorities, (caCertificate) => authorities.set({ caCertificate }), log),
  ]
  const provider: CertificateProvider = {
    addCaCertificateListener: (listener) => authorities.add(listener),
    removeCaCertificateListener: (listener) => authorities.remove(listener),
    addIdentityCertificateListener: (listener) => identity.add(listener),
    removeIdentityCertificateListener: (listener) => identity.remove(listener),
  }
  return {
    // Its types have the first two in the other order; one provider serves for both.
    credentials: experimental.createCertificateProviderServerCredentials(provider, provider, true),
    close: () => {
      for (const watch of watches) watch.close()
    },
  }
}

/** Without TLS. */
export function plainCredentials(): ReloadingCredentials {
  return { credentials: ServerCredentials.createInsecure(), close: () => {} }
}

/** A value that is passed to each listener, and again whenever it changes. */
class Latest<T> {
  readonly #listeners: Listeners<T> = new Set()
  #value: T

  constructor(value: T) {
    this.#value = value
  }

  set(value: T): void {
    this.#value = value
    for (const listener of this.#listeners) listener(value)
  }

  add(listener: (update: T) => void): void {
    this.#listeners.add(listener)
    // The caller ignores a call before this method has returned.
    process.nextTick(listener, this.#value)
  }

  remove(listener: (update: T) => void): void {
    this.#listeners.delete(listener)
  }
}

function identityOf({ chain, key }: KeyPair): experimental.IdentityCertificateUpdate {
  return { certificate: chain, privateKey: key }
}
