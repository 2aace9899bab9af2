import t from 'tap'
import { bootstrap } from '../../src/resources/bootstrap/bootstrap.js'
import { clientSecrets, controlPlaneCluster } from '../../src/resources/bootstrap/control-plane-cluster.js'
import { DEFAULT_LIMITS } from '../support/limits.js'

const socket = { socketPath: '/run/ads.sock' }
const input = { controlPlane: socket, adminSocket: '/run/admin.sock', adminKey: 'key', limits: DEFAULT_LIMITS }

t.test('the bootstrap names the control plane and the limits, and no route', async (t) => {
  t.match(bootstrap(input), {
    dynamic_resources: { ads_config: { api_type: 'DELTA_GRPC' } },
    static_resources: { clusters: [{ name: 'control_plane' }], listeners: undefined },
    overload_manager: {
      resource_monitors: [
        { typed_config: { max_heap_size_bytes: DEFAULT_LIMITS.maxHeapBytes } },
        { typed_config: { max_active_downstream_connections: DEFAULT_LIMITS.maxConnections } },
      ],
    },
  })
})

t.test('only an Envoy whose command line does not name it is named here', async (t) => {
  t.match(bootstrap(input), { node: { id: undefined, cluster: undefined } })
  t.match(bootstrap({ ...input, nodeId: 'gateway-1' }), {
    node: { id: 'gateway-1', cluster: 'configurable-envoy-proxy' },
  })
})

t.test('the statistics are served only where an address is given', async (t) => {
  t.match(bootstrap({ ...input, statsAt: { host: '127.0.0.1', port: 9901 } }), {
    static_resources: { listeners: [{ address: { socket_address: { address: '127.0.0.1', port_value: 9901 } } }] },
  })
})

const at = (host: string) => ({ endpoints: [{ host, port: 1 }], isFleet: false })

t.test('the control plane is found at a socket, an address or a name', async (t) => {
  t.match(controlPlaneCluster(socket), { type: 'STATIC', transport_socket: undefined })
  t.match(controlPlaneCluster(at('10.0.0.1')), { type: 'STATIC' })
  t.match(controlPlaneCluster(at('hub')), { type: 'STRICT_DNS' })
})

const secrets = { certificate: '/run/c.json', authorities: '/run/a.json' }
const files = { key: '/k', certificate: '/c', authorities: '/a' }
const matched = (...names: Array<[san_type: string, exact: string]>) => ({
  resources: [
    {
      validation_context: {
        match_typed_subject_alt_names: names.map(([san_type, exact]) => ({ san_type, matcher: { exact } })),
      },
    },
  ],
})

t.test('TLS to the control plane checks its name or address, with certificates from files', async (t) => {
  const tls = (host: string) => controlPlaneCluster({ ...at(host), secrets })
  t.match(tls('hub'), { transport_socket: { typed_config: { sni: 'hub' } } })
  t.match(tls('10.0.0.1'), { transport_socket: { typed_config: { sni: undefined } } })
  const names = (host: string) => clientSecrets(at(host), files).authorities
  t.match(names('hub'), matched(['DNS', 'hub']))
  t.match(names('10.0.0.1'), matched(['IP_ADDRESS', '10.0.0.1']))
})

t.test('an Envoy of a fleet knows all control planes, and soon leaves one that hangs', async (t) => {
  const fleet = {
    isFleet: true,
    endpoints: [
      { host: 'a', port: 1 },
      { host: '10.0.0.2', port: 2 },
    ],
  }
  const cluster = controlPlaneCluster({ ...fleet, secrets })
  const address = (host: string, port: number) => ({
    endpoint: { address: { socket_address: { address: host, port_value: port } } },
  })
  t.match(cluster, {
    type: 'STRICT_DNS',
    load_assignment: { endpoints: [{ lb_endpoints: [address('a', 1), address('10.0.0.2', 2)] }] },
    transport_socket: { typed_config: { sni: undefined } },
  })
  t.match(clientSecrets(fleet, files).authorities, matched(['DNS', 'a'], ['IP_ADDRESS', '10.0.0.2']))
  const named = { ...fleet, serverName: 'xds' }
  t.match(clientSecrets(named, files).authorities, matched(['DNS', 'xds']))
  t.match(controlPlaneCluster({ ...named, secrets }), { transport_socket: { typed_config: { sni: 'xds' } } })

  const seconds = (duration = '') => Number(duration.replace('s', ''))
  const { interval, timeout } = keepaliveOf(cluster)
  t.ok(seconds(interval) + seconds(timeout) < 2, 'before another control plane answers without it')
  t.ok(seconds(keepaliveOf(controlPlaneCluster(at('hub'))).timeout) >= 20, 'a single one is waited for')
})

interface Keepalive {
  readonly interval: string
  readonly timeout: string
}

function keepaliveOf(cluster: object): Keepalive {
  const protocol = (cluster as { typed_extension_protocol_options: Record<string, object> })
    .typed_extension_protocol_options['envoy.extensions.upstreams.http.v3.HttpProtocolOptions'] as {
    explicit_http_config: { http2_protocol_options: { connection_keepalive: Keepalive } }
  }
  return protocol.explicit_http_config.http2_protocol_options.connection_keepalive
}
