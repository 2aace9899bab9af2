import type { SdsSecretConfig } from '#proto/envoy/extensions/transport_sockets/tls/v3/SdsSecretConfig.js'
import type { Secret } from '#proto/envoy/extensions/transport_sockets/tls/v3/Secret.js'
import type { KeyPair } from '../tls/files.js'

/** A key and its certificate, under the name by which TLS refers to it. */
export function certificateSecret(name: string, { chain, key }: KeyPair): Secret & { name: string } {
  return {
    name,
    tls_certificate: {
      certificate_chain: { inline_bytes: chain },
      private_key: { inline_bytes: key },
    },
  }
}

/** The authorities that certificates are checked against, in PEM, under the name by which TLS refers to them. */
export function authoritiesSecret(name: string, authorities: Buffer): Secret & { name: string } {
  return { name, validation_context: { trusted_ca: { inline_bytes: authorities } } }
}

/** Where TLS gets a secret from: the control plane, by its name. */
export function secretReference(name: string): SdsSecretConfig {
  // Without an end to its wait: Envoy would go on without the secret.
  return { name, sds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: { seconds: 0 } } }
}
