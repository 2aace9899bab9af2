import t from 'tap'
import { hostNameOf, routeCluster } from '../../src/resources/clusters/cluster.js'
import { secretsCluster, targetTransport } from '../../src/resources/clusters/target-tls.js'
import { parseTarget } from '../../src/routing/target.js'
import { forwarding } from '../support/forwarding.js'
import { DEFAULT_LIMITS } from '../support/limits.js'
import { shown } from '../support/shown.js'

const PLAIN = { showCertificate: false, verify: false }
const settings = { targetTls: PLAIN, hostRouting: false, forwarding: forwarding(), limits: DEFAULT_LIMITS }

function cluster(target: string, addresses?: readonly string[]) {
  return routeCluster({ key: '/user/a', target: parseTarget(target), ...(addresses && { addresses }) }, settings)
}

function endpointOf(target: string, addresses?: readonly string[]): unknown {
  const [locality] = cluster(target, addresses).load_assignment?.endpoints ?? []
  return shown(locality?.lb_endpoints?.[0]?.endpoint)
}

const at = (address: string, port_value: number) => ({ socket_address: { address, port_value } })

t.test('a route is a cluster named by its key', async (t) => {
  t.equal(cluster('http://10.0.0.1:8888').name, 'r:/user/a')
})

const ENDPOINTS: ReadonlyArray<readonly [target: string, addresses: readonly string[] | undefined, endpoint: object]> =
  [
    ['http://10.0.0.1:8888', undefined, { address: at('10.0.0.1', 8888), hostname: '10.0.0.1' }],
    ['http://10.0.0.1', undefined, { address: at('10.0.0.1', 80), hostname: '10.0.0.1' }],
    ['https://10.0.0.1', undefined, { address: at('10.0.0.1', 443), hostname: '10.0.0.1' }],
    ['http://[::1]:8888', undefined, { address: at('::1', 8888), hostname: '::1' }],
    ['http://[::ffff:10.0.0.1]:8888', undefined, { address: at('10.0.0.1', 8888), hostname: '::ffff:a00:1' }],
    ['http+unix://%2Frun%2Fu.sock', undefined, { address: { pipe: { path: '/run/u.sock' } }, hostname: 'localhost' }],
    ['http://name:8888', ['10.0.0.1'], { address: at('10.0.0.1', 8888), hostname: 'name' }],
    [
      'http://name:8888',
      ['::ffff:10.0.0.1', '::2'],
      { address: at('10.0.0.1', 8888), hostname: 'name', additional_addresses: [{ address: at('::2', 8888) }] },
    ],
    ['http://name:8888', [], { address: at('name', 8888), hostname: 'name' }],
  ]

t.test('the endpoint is the address of the target', async (t) => {
  for (const [target, addresses, endpoint] of ENDPOINTS) {
    t.strictSame(endpointOf(target, addresses), endpoint, `${target} ${addresses ?? ''}`)
  }
})

t.test('only a name without known addresses is left to Envoy to resolve', async (t) => {
  t.equal(cluster('http://10.0.0.1:1').type, 'STATIC')
  t.equal(cluster('http+unix://%2Frun%2Fu.sock').type, 'STATIC')
  t.equal(cluster('http://name:1', ['10.0.0.1']).type, 'STATIC')
  t.match(cluster('http://name:1'), { type: 'LOGICAL_DNS', wait_for_warm_on_init: undefined })
  t.match(cluster('http://name:1', []), { type: 'LOGICAL_DNS', wait_for_warm_on_init: { value: false } })
  t.equal(hostNameOf(parseTarget('http://name:1')), 'name')
  t.equal(hostNameOf(parseTarget('http://[::1]:1')), undefined)
})

t.test('TCP connections have keepalive, unix sockets have none', async (t) => {
  t.ok(cluster('http://10.0.0.1:1').upstream_connection_options?.tcp_keepalive)
  t.equal(cluster('http+unix://%2Frun%2Fu.sock').upstream_connection_options, undefined)
})

t.test('only an https target is spoken to by TLS', async (t) => {
  t.equal(cluster('http://10.0.0.1:1').transport_socket, undefined)
  t.equal(cluster('https://10.0.0.1:1').transport_socket?.name, 'tls')
})

const TLS: ReadonlyArray<readonly [name: string, tls: typeof PLAIN, host: string, expected: object]> = [
  ['a name is sent as SNI', PLAIN, 'name', { auto_host_sni: true }],
  ['an address is not', PLAIN, '10.0.0.1', { auto_host_sni: undefined }],
  ['a name is verified as such', { ...PLAIN, verify: true }, 'name', { auto_sni_san_validation: true }],
  [
    'an address is verified as such',
    { ...PLAIN, verify: true },
    '10.0.0.1',
    {
      common_tls_context: {
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [{ san_type: 'IP_ADDRESS', matcher: { exact: '10.0.0.1' } }],
          },
        },
      },
    },
  ],
  [
    'a certificate is shown if there is one',
    { ...PLAIN, showCertificate: true },
    'name',
    { common_tls_context: { tls_certificate_sds_secret_configs: [{ name: 'target-certificate' }] } },
  ],
]

t.test('TLS to a target follows its host and the options', async (t) => {
  for (const [name, tls, host, expected] of TLS) {
    t.match(shown(targetTransport(tls, host).typed_config), expected, name)
  }
})

t.test('the cluster that keeps secrets in Envoy has no endpoint', async (t) => {
  t.match(secretsCluster(PLAIN), { name: 'secrets', type: 'STATIC', load_assignment: { endpoints: [] } })
})
