import { isIP } from 'node:net'
import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { CommonTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/CommonTlsContext.js'
import type { SdsSecretConfig } from '#proto/envoy/extensions/transport_sockets/tls/v3/SdsSecretConfig.js'
import type { UpstreamTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/UpstreamTlsContext.js'
import { packAny } from '../../xds/messages.js'
import { SECRET, SECRETS_CLUSTER } from '../names.js'
import { secretReference } from '../secret.js'

/** Settings of all https targets. */
export interface TargetTls {
  /** Whether {@link SECRET.targetCertificate} is shown to targets. */
  readonly showCertificate: boolean
  /** Whether the target's certificate must be signed by {@link SECRET.targetAuthorities} and have the target's name. */
  readonly verify: boolean
}

/** TLS towards an https target. */
export function targetTransport({ showCertificate, verify }: TargetTls, host: string): TransportSocket {
  return clientTransport(host, {
    certificate: showCertificate ? SECRET.targetCertificate : undefined,
    authorities: verify ? SECRET.targetAuthorities : undefined,
    protocol: 'http/1.1',
  })
}

export interface ClientTls {
  /** The secret with the certificate that is shown; undefined for none. */
  readonly certificate?: string | undefined
  /** The secret with the authorities of the server's certificate; undefined if that is not checked. */
  readonly authorities: string | undefined
  readonly protocol: 'http/1.1' | 'h2'
}

/** TLS towards a server, whose certificate must have the host's name. */
export function clientTransport(host: string, { certificate, authorities, protocol }: ClientTls): TransportSocket {
  // As in Node.js: no server name indication for an IP address, and the certificate must contain it as an address.
  const byName = isIP(host) === 0
  return {
    name: 'tls',
    typed_config: packAny('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      auto_host_sni: byName,
      auto_sni_san_validation: byName && authorities !== undefined,
      common_tls_context: {
        alpn_protocols: [protocol],
        // Those of Node.js; as a client, Envoy would use at most 1.2.
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        tls_certificate_sds_secret_configs: certificate === undefined ? [] : [secretReference(certificate)],
        ...(authorities === undefined ? {} : verification(secretReference(authorities), byName ? undefined : host)),
      },
    } satisfies UpstreamTlsContext),
  }
}

function verification(
  authorities: SdsSecretConfig,
  address: string | undefined,
): Pick<CommonTlsContext, 'validation_context_sds_secret_config' | 'combined_validation_context'> {
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
 * A cluster without requests that always exists. Envoy acknowledges a cluster before it has the secrets that it refers
 * to, and shares a secret among all references as long as there is one. Because of this cluster Envoy has all secrets
 * before the first https route, which then works as soon as Envoy has it.
 */
export function secretsCluster(tls: TargetTls): Cluster & { name: string } {
  return {
    name: SECRETS_CLUSTER,
    type: 'STATIC',
    load_assignment: { cluster_name: SECRETS_CLUSTER, endpoints: [] },
    transport_socket: targetTransport(tls, SECRETS_CLUSTER),
  }
}
