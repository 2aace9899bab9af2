import { isIP } from 'node:net'
import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { CommonTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/CommonTlsContext.js'
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
  // As in Node.js: no server name indication for an IP address, and the certificate must contain it as an address.
  const byName = isIP(host) === 0
  return {
    name: 'tls',
    typed_config: packAny('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      auto_host_sni: byName,
      auto_sni_san_validation: byName && verify,
      common_tls_context: {
        alpn_protocols: ['http/1.1'],
        // Those of Node.js; as a client, Envoy would use at most 1.2.
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        tls_certificate_sds_secret_configs: showCertificate ? [secretReference(SECRET.targetCertificate)] : [],
        ...(verify ? verification(byName ? undefined : host) : {}),
      },
    } satisfies UpstreamTlsContext),
  }
}

function verification(
  address: string | undefined,
): Pick<CommonTlsContext, 'validation_context_sds_secret_config' | 'combined_validation_context'> {
  const authorities = secretReference(SECRET.targetAuthorities)
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
