import { typeUrl } from '../../xds/messages.js'
import { TCP_KEEPALIVE_JSON } from '../shared/keepalive.js'
import { withKey } from './admin-key.js'

/** The cluster of Envoy's own admin interface. */
const ADMIN = 'admin'

/** The statistics that are shown: none that contains the name of a route, and so of a user. */
const SHOWN =
  '^(http|listener|listener_manager|server|cluster_manager|cluster\\.control_plane|control_plane|overload|requests)\\.'

const STATS = '/stats/prometheus'

/**
 * The parts of a bootstrap, as JSON, that give Prometheus Envoy's statistics over the network, but nothing else of the
 * admin interface, which could end Envoy.
 */
export function statsListener(
  at: { readonly host: string; readonly port: number },
  admin: { readonly socketPath: string; readonly key: string },
): { clusters: object[]; listeners: object[] } {
  const cluster = {
    name: ADMIN,
    type: 'STATIC',
    load_assignment: {
      cluster_name: ADMIN,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: admin.socketPath } } } }] }],
    },
  }
  const route = (path: string, to: string) => ({
    // The path without a query, which could change what is shown.
    match: {
      path,
      headers: [
        { name: ':path', string_match: { exact: path } },
        { name: ':method', string_match: { exact: 'GET' } },
      ],
    },
    route: { cluster: ADMIN, prefix_rewrite: withKey(to, admin.key) },
  })
  const manager = {
    '@type': typeUrl('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'stats',
    route_config: {
      virtual_hosts: [
        {
          name: 'stats',
          domains: ['*'],
          routes: [route(STATS, `${STATS}?usedonly&filter=${encodeURIComponent(SHOWN)}`), route('/ready', '/ready')],
        },
      ],
    },
    http_filters: [
      { name: 'router', typed_config: { '@type': typeUrl('envoy.extensions.filters.http.router.v3.Router') } },
    ],
  }
  const listener = {
    name: 'stats',
    address: { socket_address: { address: at.host, port_value: at.port } },
    enable_reuse_port: false,
    tcp_keepalive: TCP_KEEPALIVE_JSON,
    // Prometheus must get in also when users have all connections.
    ignore_global_conn_limit: true,
    filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
  }
  return { clusters: [cluster], listeners: [listener] }
}
