import { isIP } from 'node:net'
import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { CommonTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/CommonTlsContext.js'
import type { UpstreamTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/UpstreamTlsContext.js'
import { any } from '../../xds/messages.js'
import { SECRET, SECRETS_CLUSTER } from '../names.js'
import { secretReference } from '../secret.js'

/** What is the same for all https targets. */
export interface TargetTls {
  /** Whether {@link SECRET.targetCertificate} is shown. */
  readonly showCertificate: boolean
  /** Whether the target's certificate must be of {@link SECRET.targetAuthorities} and of the target's name. */
  readonly verify: boolean
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
