import { findEnvoy } from '../../src/envoy/binary/find.js'
import { readRelease } from '../../src/envoy/binary/release.js'
import type { Program } from './programs.js'
import { startProgram } from './programs.js'

/** The header by which a request of the ceiling chooses its cluster. */
export const CLUSTER_HEADER = 'x-bench-cluster'

/** The value of {@link CLUSTER_HEADER} for the route with this number, from 0. */
export function ceilingCluster(route: number): string {
  return `c${route}`
}

export interface CeilingInput {
  /** How many clusters it has, one for each route. */
  readonly routes: number
  /** All clusters lead to this port of 127.0.0.1. */
  readonly backendPort: number
}

/**
 * Starts the ceiling: an Envoy with one worker and nothing but a cluster for each route, chosen by a header. No proxy that
 * is made of Envoy and gives each route a cluster can take less of the processor for a request.
 */
export async function startCeiling({ routes, backendPort }: CeilingInput): Promise<Program> {
  const { env, arch } = process
  const envoy = await findEnvoy({
    release: readRelease(),
    explicit: env.ENVOY_PATH,
    env,
    arch,
    progress: console.error,
  })
  const [command, clusters] = [envoy.path, Array.from({ length: routes }, (_, route) => cluster(route, backendPort))]
  return startProgram({
    command,
    args: (file) => ['--config-path', file, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'],
    config: (port) => JSON.stringify({ static_resources: { listeners: [listener(port)], clusters } }),
    startMs: 120_000,
  })
}

function listener(port: number): object {
  const route = { match: { prefix: '/' }, route: { cluster_header: CLUSTER_HEADER } }
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'ceiling',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [route] }] },
    http_filters: [
      {
        name: 'router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  }
  return {
    name: 'ceiling',
    address: address(port),
    filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
  }
}

function cluster(route: number, port: number): object {
  const name = ceilingCluster(route)
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }]
  return { name, type: 'STATIC', connect_timeout: '5s', load_assignment: { cluster_name: name, endpoints } }
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
