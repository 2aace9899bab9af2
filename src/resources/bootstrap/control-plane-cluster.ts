import { isIP } from 'node:net'
import type { ClientTlsFiles } from '../../settings/bootstrap.js'
import { typeUrl } from '../../xds/messages.js'
import { CONTROL_PLANE } from '../names.js'

/** Where Envoy connects to a control plane. */
export type ControlPlaneAddress = { readonly socketPath: string } | RemoteControlPlanes

/** One control plane, or several of one fleet. */
export interface RemoteControlPlanes {
  /** Envoy connects to any of these. A host may have several addresses. */
  readonly endpoints: ReadonlyArray<{ readonly host: string; readonly port: number }>
  /** The name that their certificates have; undefined for the host of an endpoint. */
  readonly serverName?: string | undefined
  /** Whether there is more than one: an Envoy need not be patient with one that hangs. */
  readonly isFleet: boolean
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

/**
 * Another control plane answers for a fleet at the latest 2 s after one has stopped. Until then this Envoy must have
 * noticed, and be at another.
 */
const FLEET = {
  keepalive: { interval: '0.5s', timeout: '1s', interval_jitter: { value: 0 } },
  connectTimeout: '0.4s',
}

/** The cluster of the control plane, as JSON. */
export function controlPlaneCluster(at: ControlPlaneAddress): object {
  const isFleet = 'endpoints' in at && at.isFleet
  const keepalive = isFleet ? FLEET.keepalive : KEEPALIVE
  return {
    name: CONTROL_PLANE,
    ...discovery(at),
    connect_timeout: isFleet ? FLEET.connectTimeout : '1s',
    load_assignment: {
      cluster_name: CONTROL_PLANE,
      endpoints: [{ lb_endpoints: addresses(at).map((address) => ({ endpoint: { address } })) }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': typeUrl('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http2_protocol_options: { connection_keepalive: keepalive } },
      },
    },
    ...('endpoints' in at && at.secrets !== undefined ? { transport_socket: transport(namesOf(at), at.secrets) } : {}),
  }
}

function discovery(at: ControlPlaneAddress): object {
  if ('socketPath' in at || at.endpoints.every(({ host }) => isIP(host) !== 0)) return { type: 'STATIC' }
  // By default Envoy queries every 5 s, also after a failure.
  const seldom = { base_interval: '0.5s', max_interval: '2s' }
  return { type: 'STRICT_DNS', dns_lookup_family: 'ALL', dns_failure_refresh_rate: seldom }
}

function addresses(at: ControlPlaneAddress): object[] {
  if ('socketPath' in at) return [{ pipe: { path: at.socketPath } }]
  return at.endpoints.map(({ host, port }) => ({ socket_address: { address: host, port_value: port } }))
}

/** The names of which a control plane's certificate must have one. */
function namesOf({ serverName, endpoints }: RemoteControlPlanes): readonly string[] {
  return serverName === undefined ? [...new Set(endpoints.map(({ host }) => host))] : [serverName]
}

/** From files, which Envoy reads again when they change; certificates in the bootstrap itself are read once. */
function transport(names: readonly string[], secrets: SecretFiles): object {
  const [host, ...others] = names
  const from = (name: string, path: string) => ({
    name,
    sds_config: { path_config_source: { path }, resource_api_version: 'V3' },
  })
  return {
    name: 'tls',
    typed_config: {
      '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
      // With several, it is not known here which one a connection is for.
      ...(host !== undefined && others.length === 0 && isIP(host) === 0 ? { sni: host } : {}),
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
export function clientSecrets(
  at: RemoteControlPlanes,
  files: ClientTlsFiles,
): { certificate: object; authorities: object } {
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
        match_typed_subject_alt_names: namesOf(at).map((name) => ({
          san_type: isIP(name) === 0 ? 'DNS' : 'IP_ADDRESS',
          matcher: { exact: name },
        })),
      },
    }),
  }
}
