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

t.test('the control plane is found at a socket, an address or a name', async (t) => {
  t.match(controlPlaneCluster(socket), { type: 'STATIC', transport_socket: undefined })
  t.match(controlPlaneCluster({ host: '10.0.0.1', port: 1 }), { type: 'STATIC' })
  t.match(controlPlaneCluster({ host: 'hub', port: 1 }), { type: 'STRICT_DNS' })
})

t.test('TLS to the control plane checks its name or address, with certificates from files', async (t) => {
  const secrets = { certificate: '/run/c.json', authorities: '/run/a.json' }
  const tls = (host: string) => controlPlaneCluster({ host, port: 1, secrets })
  t.match(tls('hub'), { transport_socket: { typed_config: { sni: 'hub' } } })
  t.match(tls('10.0.0.1'), { transport_socket: { typed_config: { sni: undefined } } })
  const files = { key: '/k', certificate: '/c', authorities: '/a' }
  const names = (host: string) => clientSecrets(host, files).authorities
  const matched = (san_type: string, exact: string) => ({
    resources: [{ validation_context: { match_typed_subject_alt_names: [{ san_type, matcher: { exact } }] } }],
  })
  t.match(names('hub'), matched('DNS', 'hub'))
  t.match(names('10.0.0.1'), matched('IP_ADDRESS', '10.0.0.1'))
})
