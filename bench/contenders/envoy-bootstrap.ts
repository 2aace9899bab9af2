import type { Certificate } from '../../test/support/certificate.js'
import type { Route, Setup } from './contender.js'

const CONNECTION_MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

/** The header by which a request chooses its cluster, where it does. */
export const CLUSTER_HEADER = 'x-cluster'

/** A cluster for each route, found by the prefix of the path, and nothing else. */
export function bootstrapOfTable({ routes, defaultTarget, certificate }: Setup, port: number): object {
  const clusters = [...routes.map(({ target }, at) => cluster(`r${at}`, target)), cluster('default', defaultTarget)]
  return { static_resources: { listeners: [listener(port, { matcher: matcher(routes) }, certificate)], clusters } }
}

/** Clusters as they are given, which requests choose by {@link CLUSTER_HEADER}. They are made when they are used. */
export function bootstrapOfClusters(clusters: readonly object[], port: number): object {
  const routes = [{ match: { prefix: '/' }, route: { cluster_header: CLUSTER_HEADER } }]
  return {
    static_resources: { listeners: [listener(port, { routes })], clusters },
    cluster_manager: { enable_deferred_cluster_creation: true },
    deferred_stat_options: { enable_deferred_creation_stats: true },
  }
}

/** The limits of the number of connections are out of the way, as they are for us. */
function cluster(name: string, target: string): object {
  const { hostname, port } = new URL(target)
  const most = 1_000_000
  return {
    name,
    type: 'STATIC',
    circuit_breakers: { thresholds: [{ max_connections: most, max_requests: most, max_pending_requests: most }] },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(hostname, Number(port)) } }] }],
    },
  }
}

function listener(port: number, routing: object, certificate?: Certificate): object {
  const manager = {
    '@type': type(CONNECTION_MANAGER),
    stat_prefix: 'public',
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], ...routing }] },
    http_filters: [
      { name: 'router', typed_config: { '@type': type('envoy.extensions.filters.http.router.v3.Router') } },
    ],
  }
  const chain = {
    filters: [{ name: 'http', typed_config: manager }],
    ...(certificate && { transport_socket: tls(certificate) }),
  }
  return { name: 'public', address: address('127.0.0.1', port), filter_chains: [chain] }
}

/** A tree, since a list of 10,000 routes would be searched one by one. */
function matcher(routes: readonly Route[]): object {
  const to = (name: string) => ({
    action: {
      name: 'route',
      typed_config: {
        '@type': type('envoy.config.route.v3.Route'),
        match: { prefix: '/' },
        route: { cluster: name, timeout: '0s' },
      },
    },
  })
  const path = { '@type': type('envoy.type.matcher.v3.HttpRequestHeaderMatchInput'), header_name: ':path' }
  const map = Object.fromEntries([...routes.map(({ path }, at) => [path, to(`r${at}`)]), ['/', to('default')]])
  return { matcher_tree: { input: { name: 'path', typed_config: path }, prefix_match_map: { map } } }
}

function tls({ keyFile, certFile }: Certificate): object {
  const files = { private_key: { filename: keyFile }, certificate_chain: { filename: certFile } }
  const common = { tls_certificates: [files], alpn_protocols: ['h2', 'http/1.1'] }
  const context = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'
  return { name: 'tls', typed_config: { '@type': type(context), common_tls_context: common } }
}

function address(host: string, port: number): object {
  return { socket_address: { address: host, port_value: port } }
}

function type(name: string): string {
  return `type.googleapis.com/${name}`
}
