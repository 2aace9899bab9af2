import { isIP } from 'node:net'
import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { Address } from '#proto/envoy/config/core/v3/Address.js'
import type { Http1ProtocolOptions } from '#proto/envoy/config/core/v3/Http1ProtocolOptions.js'
import type { Endpoint } from '#proto/envoy/config/endpoint/v3/Endpoint.js'
import type { PreserveCaseFormatterConfig } from '#proto/envoy/extensions/http/header_formatters/preserve_case/v3/PreserveCaseFormatterConfig.js'
import type { HttpProtocolOptions } from '#proto/envoy/extensions/upstreams/http/v3/HttpProtocolOptions.js'
import type { Target } from '../../routing/target.js'
import type { Limits } from '../../settings/limits.js'
import { duration, packAny } from '../../xds/messages.js'
import { clusterName, ROUTES_STATISTICS } from '../names.js'
import { TARGET_IDLE_MS } from '../shared/connection-reuse.js'
import { BUFFER_BYTES, routeLimits } from '../shared/limits.js'
import type { RouteMetadataInput, RouteMetadataSettings } from './route-metadata.js'
import { routeMetadata } from './route-metadata.js'
import { TARGET_SOCKETS } from './target-sockets.js'
import type { TargetTls } from './target-tls.js'
import { targetTransport } from './target-tls.js'

export interface TargetSettings {
  readonly targetTls: TargetTls
}

export interface ClusterSettings extends TargetSettings, RouteMetadataSettings {
  readonly limits: Limits
}

export interface RouteClusterInput extends RouteMetadataInput {
  /**
   * The IP addresses of the target's host name, for a cluster that works as soon as Envoy has it. If there are none,
   * Envoy resolves the name itself: with an empty list the cluster answers 503 until then; if this is undefined, Envoy
   * doesn't use the cluster before the first answer.
   */
  readonly addresses?: readonly string[]
}

/**
 * How long a new connection may take, including its TLS handshake, before the user gets an error. A dead node never
 * answers; if a busy server's kernel drops a SYN, it is sent again after 1, 3 and 7 s.
 */
const CONNECT_TIMEOUT = { seconds: 8 }

/** The default of Node.js; Envoy would refuse requests and responses with more than 100. */
export const MAX_HEADERS = { value: 2000 }

/** Header names keep their case, and answers their reason phrase; Envoy would send lower case and a phrase of its own. */
export const PRESERVE_HEADER_CASE: NonNullable<Http1ProtocolOptions['header_key_format']> = {
  stateful_formatter: {
    name: 'preserve_case',
    typed_config: packAny('envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig', {
      forward_reason_phrase: true,
    } satisfies PreserveCaseFormatterConfig),
  },
}

const PROTOCOL_OPTIONS = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': packAny(
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    {
      common_http_protocol_options: {
        idle_timeout: duration(TARGET_IDLE_MS),
        max_headers_count: MAX_HEADERS,
      },
      explicit_http_config: { http_protocol_options: { header_key_format: PRESERVE_HEADER_CASE } },
    } satisfies HttpProtocolOptions,
  ),
}

/** The cluster of a route: everything specific to the route is in it. */
export function routeCluster(input: RouteClusterInput, settings: ClusterSettings): Cluster & { name: string } {
  return { ...routeClusterCommon(input.target, settings), ...routeClusterOwn(input, settings) }
}

/** What the clusters of all routes have in common, but for those with a unix socket, which have it among themselves. */
export function routeClusterCommon(target: Target, settings: ClusterSettings): Partial<Cluster> {
  return {
    ...connectionsTo(target),
    alt_stat_name: ROUTES_STATISTICS,
    circuit_breakers: routeLimits(settings.limits),
    typed_extension_protocol_options: PROTOCOL_OPTIONS,
  }
}

/** What the cluster of a route has for itself. */
export function routeClusterOwn(input: RouteClusterInput, settings: ClusterSettings): Cluster & { name: string } {
  const { key, target, addresses } = input
  return { ...clusterOf(clusterName(key), target, settings, addresses), metadata: routeMetadata(input, settings) }
}

/**
 * The cluster of a target: how Envoy finds it and connects to it.
 *
 * @param addresses see {@link RouteClusterInput.addresses}
 */
export function targetCluster(
  name: string,
  target: Target,
  settings: TargetSettings,
  addresses?: readonly string[],
): Cluster & { name: string } {
  return { ...connectionsTo(target), ...clusterOf(name, target, settings, addresses) }
}

function connectionsTo(target: Target): Partial<Cluster> {
  return {
    connect_timeout: CONNECT_TIMEOUT,
    ...('socketPath' in target.address ? {} : TARGET_SOCKETS),
    per_connection_buffer_limit_bytes: BUFFER_BYTES,
  }
}

function clusterOf(
  name: string,
  target: Target,
  settings: TargetSettings,
  addresses?: readonly string[],
): Cluster & { name: string } {
  const endpoint = endpointOf(target, addresses)
  return {
    name,
    ...discoveryOf(target, addresses),
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    ...(target.tls ? { transport_socket: targetTransport(settings.targetTls, endpoint.hostname ?? '') } : {}),
  }
}

/** The target's host name, which must be resolved; undefined if it has an IP address or a unix socket. */
export function hostNameOf({ address }: Target): string | undefined {
  return 'host' in address && isIP(address.host) === 0 ? address.host : undefined
}

/** How often Envoy queries a name without a time to live, and after failures. By default every 5 s. */
const ENVOY_ASKS = {
  respect_dns_ttl: true,
  dns_refresh_rate: { seconds: 30 },
  dns_failure_refresh_rate: { base_interval: { seconds: 2 }, max_interval: { seconds: 60 } },
} satisfies Partial<Cluster>

function discoveryOf(target: Target, addresses?: readonly string[]): Partial<Cluster> {
  if (hostNameOf(target) === undefined || (addresses?.length ?? 0) > 0) return { type: 'STATIC' }
  return {
    // One logical host with all its addresses, which are tried in turn until one connects, as in Node.js.
    type: 'LOGICAL_DNS',
    dns_lookup_family: 'ALL',
    ...(addresses === undefined ? {} : { ...ENVOY_ASKS, wait_for_warm_on_init: { value: false } }),
  }
}

function endpointOf({ address }: Target, addresses?: readonly string[]): Endpoint {
  if ('socketPath' in address) {
    return { address: { pipe: { path: address.socketPath } }, hostname: 'localhost' }
  }
  const [first = address.host, ...more] = addresses ?? []
  return {
    address: socketAddress(first, address.port),
    hostname: address.host,
    ...(more.length > 0
      ? { additional_addresses: more.map((other) => ({ address: socketAddress(other, address.port) })) }
      : {}),
  }
}

/** Envoy doesn't accept IPv4-mapped IPv6 addresses, which the system does. */
function socketAddress(address: string, port: number): Address {
  return { socket_address: { address: ipv4Within(address) ?? address, port_value: port } }
}

/** In both notations: `::ffff:a00:1`, as `URL` writes it, and `::ffff:10.0.0.1`, as in name servers' answers. */
function ipv4Within(address: string): string | undefined {
  const found = /^::ffff:(?:([0-9a-f]{1,4}):([0-9a-f]{1,4})|([0-9.]+))$/i.exec(address)
  if (found === null) return undefined
  const [, high = '', low = '', dotted] = found
  if (dotted !== undefined) return dotted
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join('.')
}
