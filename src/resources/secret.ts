import type { SdsSecretConfig } from '#proto/envoy/extensions/transport_sockets/tls/v3/SdsSecretConfig.js'
import type { Secret } from '#proto/envoy/extensions/transport_sockets/tls/v3/Secret.js'
import type { KeyPair } from '../tls/files.js'

/** A key and its certificate, with the name that TLS settings refer to. */
export function certificateSecret(name: string, { chain, key }: KeyPair): Secret & { name: string } {
  return {
    name,
    tls_certificate: {
      certificate_chain: { inline_bytes: chain },
      private_key: { inline_bytes: key },
    },
  }
}

/** The authorities that certificates are verified against, in PEM, with the name that TLS settings refer to. */
export function authoritiesSecret(name: string, authorities: Buffer): Secret & { name: string } {
  return { name, validation_context: { trusted_ca: { inline_bytes: authorities } } }
}

/** A reference to a secret of the control plane. */
export function secretReference(name: string): SdsSecretConfig {
  // No timeout: after one, Envoy would continue without the secret.
  return { name, sds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: { seconds: 0 } } }
}
