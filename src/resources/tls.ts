import { isIP } from 'node:net'
import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { CommonTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/CommonTlsContext.js'
import type { DownstreamTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/DownstreamTlsContext.js'
import type { SdsSecretConfig } from '#proto/envoy/extensions/transport_sockets/tls/v3/SdsSecretConfig.js'
import type { TlsParameters } from '#proto/envoy/extensions/transport_sockets/tls/v3/TlsParameters.js'
import type { UpstreamTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/UpstreamTlsContext.js'
import { any } from '../proto.js'
import { OLD_CIPHERS } from '../tls/ciphers.js'
import type { TlsVersion, TlsVersions } from '../tls/versions.js'
import { SECRET, SECRETS_CLUSTER } from './names.js'

export interface PublicTransportInput {
  /** Whether clients must show a certificate that {@link SECRET.clientAuthorities} accept. */
  readonly requestCertificate: boolean
  readonly versions: TlsVersions
  /** Empty for Envoy's own choice. */
  readonly ciphers: readonly string[]
}

/** What is the same for all https targets. */
export interface TargetTls {
  /** Whether {@link SECRET.targetCertificate} is shown. */
  readonly showCertificate: boolean
  /** Whether the target's certificate must be of {@link SECRET.targetAuthorities} and of the target's name. */
  readonly verify: boolean
}

const PROTOCOL = {
  TLSv1: 'TLSv1_0',
  'TLSv1.1': 'TLSv1_1',
  'TLSv1.2': 'TLSv1_2',
  'TLSv1.3': 'TLSv1_3',
} as const satisfies Record<TlsVersion, string>

/** TLS as the public port speaks it. */
export function publicTransport({ requestCertificate, versions, ciphers }: PublicTransportInput): TransportSocket {
  const isOld = versions.max === 'TLSv1' || versions.max === 'TLSv1.1'
  const suites = ciphers.length === 0 && isOld ? OLD_CIPHERS : ciphers
  return {
    name: 'tls',
    typed_config: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        tls_params: { ...parameters(versions), cipher_suites: [...suites] },
        tls_certificate_sds_secret_configs: [secretConfig(SECRET.publicCertificate)],
        ...(requestCertificate ? { validation_context_sds_secret_config: secretConfig(SECRET.clientAuthorities) } : {}),
      },
      require_client_certificate: { value: requestCertificate },
    } satisfies DownstreamTlsContext),
  }
}

/** TLS as an https target is spoken to. */
export function targetTransport({ showCertificate, verify }: TargetTls, host: string): TransportSocket {
  // As Node.js does it: no server name indication for an address, which must be in the certificate as such.
  const byName = isIP(host) === 0
  return {
    name: 'tls',
    typed_config: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      auto_host_sni: byName,
      auto_sni_san_validation: byName && verify,
      common_tls_context: {
        alpn_protocols: ['http/1.1'],
        // Node.js's; Envoy would go no higher than 1.2 as a client.
        tls_params: parameters({ min: 'TLSv1.2', max: 'TLSv1.3' }),
        tls_certificate_sds_secret_configs: showCertificate ? [secretConfig(SECRET.targetCertificate)] : [],
        ...(verify ? verification(byName ? undefined : host) : {}),
      },
    } satisfies UpstreamTlsContext),
  }
}

function verification(
  address: string | undefined,
): Pick<CommonTlsContext, 'validation_context_sds_secret_config' | 'combined_validation_context'> {
  const authorities = secretConfig(SECRET.targetAuthorities)
  if (address === undefined) return { validation_context_sds_secret_config: authorities }
  return {
    combined_validation_context: {
      default_validation_context: {
        match_typed_subject_alt_names: [{ san_type: 'IP_ADDRESS', matcher: { exact: address } }],
      },
      validation_context_sds_secret_config: authorities,
    },
  }
}

/**
 * A cluster that is never asked for anything and always there. Envoy acknowledges a cluster before it has the secrets
 * that it refers to, and shares a secret among all who refer to it for as long as there is one: by this cluster all are
 * there before the first https route, which then works the moment Envoy has it.
 */
export function secretsCluster(tls: TargetTls): Cluster & { name: string } {
  return {
    name: SECRETS_CLUSTER,
    type: 'STATIC',
    load_assignment: { cluster_name: SECRETS_CLUSTER, endpoints: [] },
    transport_socket: targetTransport(tls, SECRETS_CLUSTER),
  }
}

function parameters({ min, max }: TlsVersions): TlsParameters {
  return { tls_minimum_protocol_version: PROTOCOL[min], tls_maximum_protocol_version: PROTOCOL[max] }
}

function secretConfig(name: string): SdsSecretConfig {
  // Without an end to its wait: Envoy would go on without the secret.
  return { name, sds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: { seconds: 0 } } }
}
