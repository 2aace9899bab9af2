import { isIP } from 'node:net'
import type { ListenAddress } from '../../platform/address.js'
import type { ClientTlsFiles } from '../../settings/bootstrap.js'
import { typeUrl } from '../../xds/messages.js'
import { CONTROL_PLANE } from '../names.js'

/** Where Envoy connects to the control plane. */
export type ControlPlaneAddress =
  | { readonly socketPath: string }
  | {
      readonly host: string
      readonly port: number
      /** Undefined for plain gRPC. */
      readonly secrets?: SecretFiles
    }

/**
 * Files with one secret each, made by {@link clientSecrets}. Envoy reads the files that they refer to again on changes.
 */
export interface SecretFiles {
  readonly certificate: string
  readonly authorities: string
}

const CERTIFICATE = 'control-plane-client'
const AUTHORITIES = 'control-plane-authorities'

/** Detects a dead control plane. A live one may be busy for some seconds, as when it loads a large table. */
const KEEPALIVE = { interval: '5s', timeout: '20s' }

/** The cluster of the control plane, as JSON. */
export function controlPlaneCluster(at: ControlPlaneAddress): object {
  return {
    name: CONTROL_PLANE,
    ...discovery(at),
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: CONTROL_PLANE,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(at) } }] }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': typeUrl('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http2_protocol_options: { connection_keepalive: KEEPALIVE } },
      },
    },
    ...('host' in at && at.secrets !== undefined ? { transport_socket: transport(at.host, at.secrets) } : {}),
  }
}

function discovery(at: ListenAddress): object {
  if ('socketPath' in at || isIP(at.host) !== 0) return { type: 'STATIC' }
  // By default Envoy queries every 5 s, also after a failure.
  const seldom = { base_interval: '0.5s', max_interval: '2s' }
  return { type: 'STRICT_DNS', dns_lookup_family: 'ALL', dns_failure_refresh_rate: seldom }
}

function address(at: ListenAddress): object {
  if ('socketPath' in at) return { pipe: { path: at.socketPath } }
  return { socket_address: { address: at.host, port_value: at.port } }
}

/** From files, which Envoy reads again when they change; certificates in the bootstrap itself are read once. */
function transport(host: string, secrets: SecretFiles): object {
  const from = (name: string, path: string) => ({
    name,
    sds_config: { path_config_source: { path }, resource_api_version: 'V3' },
  })
  return {
    name: 'tls',
    typed_config: {
      '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
      ...(isIP(host) === 0 ? { sni: host } : {}),
      common_tls_context: {
        alpn_protocols: ['h2'],
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        tls_certificate_sds_secret_configs: [from(CERTIFICATE, secrets.certificate)],
        validation_context_sds_secret_config: from(AUTHORITIES, secrets.authorities),
      },
    },
  }
}

/**
 * The contents of {@link SecretFiles}, as JSON. The control plane's certificate must be signed by the authorities and
 * have its host's name.
 */
export function clientSecrets(host: string, files: ClientTlsFiles): { certificate: object; authorities: object } {
  const secret = (name: string, content: object) => ({
    resources: [{ '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.Secret'), name, ...content }],
  })
  return {
    certificate: secret(CERTIFICATE, {
      tls_certificate: {
        certificate_chain: { filename: files.certificate },
        private_key: { filename: files.key },
      },
    }),
    authorities: secret(AUTHORITIES, {
      validation_context: {
        trusted_ca: { filename: files.authorities },
        match_typed_subject_alt_names: [
          { san_type: isIP(host) === 0 ? 'DNS' : 'IP_ADDRESS', matcher: { exact: host } },
        ],
      },
    }),
  }
}
