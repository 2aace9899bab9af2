import fc from 'fast-check'
import t from 'tap'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { RouteMatch } from '#proto/envoy/config/route/v3/RouteMatch.js'
import type { PublicListenerInput } from '../../src/resources/listeners/listener.js'
import { publicListener } from '../../src/resources/listeners/listener.js'
import { endedLoops } from '../../src/resources/listeners/loops.js'
import { publicTransport } from '../../src/resources/listeners/public-tls.js'
import { redirectListener } from '../../src/resources/listeners/redirect-listener.js'
import {
  customHeaders,
  ODD_PATH,
  ORDINARY_PATH,
  rewritingAction,
  rewritingFilters,
} from '../../src/resources/listeners/rewriting.js'
import type { RouteConfigurationInput } from '../../src/resources/listeners/route-configuration.js'
import { routeConfiguration } from '../../src/resources/listeners/route-configuration.js'
import { usualShape } from '../../src/resources/listeners/table-shape.js'
import { refusedUpgrades } from '../../src/resources/listeners/upgrades.js'
import { withoutPort } from '../../src/resources/listeners/without-port.js'
import { readScripts } from '../../src/resources/scripts.js'
import { tlsVersions } from '../../src/tls/versions.js'
import { GENERATION } from '../../src/xds/generation.js'
import { forwarding } from '../support/forwarding.js'
import { DEFAULT_LIMITS } from '../support/limits.js'
import { shown } from '../support/shown.js'

const scripts = await readScripts()
const limits = DEFAULT_LIMITS
const names = (filters: ReadonlyArray<{ name?: string }> | undefined) => filters?.map(({ name }) => name)

function listener(more: Partial<PublicListenerInput> = {}, ...options: string[]) {
  const address = { host: '127.0.0.1', port: 8000 }
  const common = { scripts, limits, errorPages: {}, countRequests: false, workers: 2, generation: GENERATION }
  return publicListener({ address, forwarding: forwarding(...options), ...common, ...more })
}

function routesWith(more: Partial<RouteConfigurationInput> = {}): Route[] {
  const common = { hostRouting: false, forwarding: forwarding(), limits, encrypted: false, lookup: '' }
  const input = { ...common, port: 8000, hasErrorTarget: false, shape: usualShape(false), ...more }
  return routeConfiguration(input).virtual_hosts?.[0]?.routes ?? []
}

t.test('the public listener is at its address', async (t) => {
  t.strictSame(shown(listener().address), { socket_address: { address: '127.0.0.1', port_value: 8000 } })
  const all = listener({ address: { host: '::', port: 8000 } })
  t.match(shown(all.address), { socket_address: { address: '::', ipv4_compat: true } })
  t.strictSame(shown(listener({ address: { socketPath: '/run/p.sock' } }).address), { pipe: { path: '/run/p.sock' } })
})

t.test('an Envoy of the first generation gets no new socket options', async (t) => {
  t.ok(listener().tcp_keepalive)
  t.equal(listener({ generation: 1 }).tcp_keepalive, undefined)
  t.equal(listener({ address: { socketPath: '/run/p.sock' } }).tcp_keepalive, undefined)
})

t.test('a listener that is tried out binds no port and takes no socket away', async (t) => {
  t.strictSame(withoutPort(listener()).bind_to_port, { value: false })
  const socket = withoutPort(listener({ address: { socketPath: '/run/p.sock' } }))
  t.strictSame(shown(socket.address), { socket_address: { address: '127.0.0.1' } })
})

t.test('TLS of the public port follows the options', async (t) => {
  const transport = (more: object) =>
    shown(
      publicTransport({ requestCertificate: false, versions: tlsVersions(undefined), ciphers: [], ...more })
        .typed_config,
    )
  t.match(transport({}), { common_tls_context: { alpn_protocols: ['h2', 'http/1.1'] } })
  t.match(transport({ requestCertificate: true }), {
    require_client_certificate: true,
    common_tls_context: { validation_context_sds_secret_config: { name: 'client-authorities' } },
  })
  t.match(transport({ versions: { min: 'TLSv1.2', max: 'TLSv1.2' } }), {
    common_tls_context: {
      tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_2' },
    },
  })
  t.match(transport({ ciphers: ['AES128-SHA'] }), {
    common_tls_context: { tls_params: { cipher_suites: ['AES128-SHA'] } },
  })
})

t.test('a GET that ends with its headers passes no filter that waits', async (t) => {
  const [ordinary, ofPort, ...routes] = routesWith()
  for (const route of [ordinary, ofPort]) {
    t.equal(route?.typed_per_filter_config, undefined)
    t.strictSame(route?.route?.idle_timeout, { seconds: 0 }, 'nor has a timer of its own')
    t.equal(route?.response_headers_to_remove, undefined)
    const conditions = route?.match?.headers?.map(({ name }) => name)
    const atOnce = [':method', 'content-length', 'upgrade', 'x-cep-arrival']
    t.strictSame(conditions, [':authority', ...atOnce, 'x-forwarded-proto'])
  }
  const asksForUsers = routes.filter(({ route }) => route?.cluster_specifier_plugin !== undefined)
  const [odd, plain] = asksForUsers
  t.strictSame(Object.keys(odd?.typed_per_filter_config ?? {}), ['path', 'port_to_metadata'])
  t.strictSame(plain?.typed_per_filter_config, {})
  const conditions = plain?.match?.headers?.map(({ name }) => name)
  t.strictSame(conditions, [':method', 'content-length', 'upgrade', 'x-cep-arrival', ':authority'])
})

t.test('with --timeout an ordinary request has it', async (t) => {
  const [ordinary] = routesWith({ forwarding: forwarding('--timeout', '9000') })
  t.match(ordinary?.route?.idle_timeout, { seconds: 9 })
})

t.test('an ordinary path is one that stays as it is and is not the health check', async (t) => {
  const matches = ({ safe_regex }: RouteMatch, path: string) => new RegExp(`^(?:${safe_regex?.regex})$`).test(path)
  const ordinary = ['/user/foo%40bar/_/-x/a.b', '/%E7%A7%80/x%2e', '/user/al//x/', '/u/%2F..']
  for (const path of ordinary) t.ok(matches(ORDINARY_PATH, path), path)
  const others = [
    '/',
    '//user',
    '/_chp_healthz',
    '/a/..',
    '/a/./b',
    '/a/%2e%2E/b',
    '/a/.%2e',
    '/a\\b',
    '/a"',
    '/a/%2',
    '*',
  ]
  for (const path of others) t.notOk(matches(ORDINARY_PATH, path), path)
  const parts = fc.constantFrom('/', '.', '%2e', '%2', '%', '2', 'e', '\\', 'a', '{', '_')
  const path = fc.array(parts, { maxLength: 8 }).map((some) => `/${some.join('')}`)
  fc.assert(fc.property(path, (path) => !(matches(ORDINARY_PATH, path) && matches(ODD_PATH, path))))
})

t.test('only an error target makes Envoy look for its mark in answers', async (t) => {
  const removed = new Set(
    routesWith({ hasErrorTarget: true }).flatMap((route) => route.response_headers_to_remove ?? []),
  )
  t.strictSame([...removed], ['x-cep-failed-path'])
})

t.test('filters that rewrite are there only where an option asks for them', async (t) => {
  const filters = (...options: string[]) => rewritingFilters(forwarding(...options), scripts)
  t.strictSame(names(filters()), ['path'])
  t.equal(filters()[0]?.disabled, true, 'of ordinary paths')
  t.strictSame(names(filters('--no-include-prefix')), ['route_fact', 'path'])
  t.strictSame(names(filters('--auto-rewrite')), ['path', 'target_fact', 'location'])
  t.strictSame(names(filters('--protocol-rewrite', 'https')), ['path', 'target_fact', 'location'])
})

t.test('Host is the client’s, the target’s or the one of an option', async (t) => {
  const action = (...options: string[]) => rewritingAction(forwarding(...options), { targetPaths: false })
  t.strictSame(Object.keys(action()), [])
  t.match(action('--change-origin'), { host_rewrite: /CLUSTER_METADATA/ })
  t.match(action('--change-origin', '--custom-header', 'HOST: a'), {
    host_rewrite_literal: 'a',
    host_rewrite: undefined,
  })
})

t.test("requests get the target's path only if a target has one", async (t) => {
  const action = (...options: string[]) => rewritingAction(forwarding(...options), { targetPaths: true })
  t.match(action(), { path_rewrite: /CLUSTER_METADATA/ })
  t.strictSame(action('--no-prepend-path'), {})
  t.strictSame(action('--no-include-prefix'), {})
})

t.test('custom headers are literal', async (t) => {
  const headers = customHeaders(forwarding('--custom-header', 'a: 100%', '--custom-header', 'host: b'))
  t.match(headers, [{ header: { key: 'a', value: '100%%' }, keep_empty_value: true }])
  t.equal(headers.length, 1)
})

t.test('rounds are counted by x-forwarded-proto, or by a header of their own', async (t) => {
  const signs = (...options: string[]) =>
    endedLoops(forwarding(...options)).map(({ match }) => match?.headers?.[0]?.name)
  t.strictSame(signs(), Array(4).fill('x-forwarded-proto'))
  t.strictSame(signs('--no-x-forward'), ['x-cep-rounds'])
  t.strictSame(signs('--custom-header', 'X-Forwarded-Proto: a'), ['x-cep-rounds'])
})

t.test('an upgrade that is no handshake is refused before any other route is looked for', async (t) => {
  const withUpgrade = routesWith().filter(
    ({ match }) => !match?.headers?.some(({ name, invert_match }) => name === 'upgrade' && invert_match),
  )
  const statuses = withUpgrade.map(({ direct_response }) => direct_response?.status)
  const refused = refusedUpgrades().map(() => 400)
  t.strictSame(statuses.slice(0, 2 + 4 + refused.length), [503, 200, ...Array(4).fill(508), ...refused])
})

t.test('the lookup is told whether hosts are routed', async (t) => {
  for (const hostRouting of [true, false]) {
    const { cluster_specifier_plugins } = routeConfiguration({
      hostRouting,
      forwarding: forwarding(),
      limits,
      encrypted: false,
      hasErrorTarget: false,
      shape: { segments: 7, targetPaths: false },
      lookup: '-- end',
    })
    const [plugin] = cluster_specifier_plugins ?? []
    t.match(shown(plugin?.extension?.typed_config), {
      source_code: {
        inline_string: new RegExp(`^local HOST_ROUTING = ${hostRouting}\nlocal MAX_SEGMENTS = 7\n[^]*-- end$`),
      },
    })
  }
})

t.test('the redirection leaves out the port of HTTPS', async (t) => {
  const target = (toPort: number) => {
    const { filter_chains } = redirectListener({ host: '127.0.0.1', port: 80, toPort, limits, generation: GENERATION })
    const manager = shown(filter_chains?.[0]?.filters?.[0]?.typed_config) as {
      route_config: { virtual_hosts: [{ routes: [object, { redirect: object }] }] }
    }
    return manager.route_config.virtual_hosts[0].routes[1].redirect
  }
  t.strictSame(target(443), { https_redirect: true })
  t.strictSame(target(8443), { https_redirect: true, port_redirect: 8443 })
})
