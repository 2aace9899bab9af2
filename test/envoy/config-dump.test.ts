import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { SystemResolver } from '../../src/names/resolver.js'
import { routeCluster } from '../../src/resources/clusters/cluster.js'
import { secretsCluster } from '../../src/resources/clusters/target-tls.js'
import { errorTargetCluster } from '../../src/resources/error-pages/error-target.js'
import { publicListener } from '../../src/resources/listeners/listener.js'
import { publicTransport } from '../../src/resources/listeners/public-tls.js'
import { redirectListener } from '../../src/resources/listeners/redirect-listener.js'
import { routeConfiguration } from '../../src/resources/listeners/route-configuration.js'
import { ERROR_TARGET, SECRETS_CLUSTER } from '../../src/resources/names.js'
import { readScripts } from '../../src/resources/scripts.js'
import { parseTarget } from '../../src/routing/target.js'
import { errorPageRequest } from '../../src/settings/error-pages.js'
import { listenIp } from '../../src/settings/listen.js'
import { tlsVersions } from '../../src/tls/versions.js'
import { GENERATION } from '../../src/xds/generation.js'
import { admin } from '../support/admin.js'
import { Authority } from '../support/certificate.js'
import { forwarding } from '../support/forwarding.js'
import { DEFAULT_LIMITS } from '../support/limits.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'
import { shown } from '../support/shown.js'

const errorTarget = 'http://localhost:8081/hub/error'

t.test('what Envoy holds is what we meant, field by field, with unknown fields refused', async (t) => {
  const authority = await Authority.make()
  const { keyFile, certFile } = await authority.issue()
  const [redirectPort = 0, metricsPort = 0] = await freePorts(2)
  const options = [
    '--no-include-prefix',
    '--auto-rewrite',
    '--change-origin',
    '--timeout',
    '9000',
    '--custom-header',
    'a:b',
  ]
  const proxy = await ProxyProcess.start([
    ...['--host-routing', '--error-target', `${errorTarget}/?a=1`],
    ...options,
    ...['--max-heap', '512', '--workers', '2'],
    ...['--ssl-key', keyFile, '--ssl-cert', certFile],
    ...['--redirect-port', String(redirectPort), '--metrics-ip', '127.0.0.1', '--metrics-port', String(metricsPort)],
  ])
  t.teardown(() => Promise.all([proxy.stop(), authority.remove()]))
  const commandLine = await readFile(`/proc/${await proxy.envoyPid()}/cmdline`, 'utf8')
  t.ok(commandLine.split('\0').includes('--reject-unknown-dynamic-fields'))

  const targets = {
    '/plain': 'http://127.0.0.1:8888/base/',
    '/tls': 'https://127.0.0.1:8443',
    '/unix': 'http+unix://%2Frun%2Fu.sock',
    '/ipv6': 'http://[::1]:8888',
    '/name': 'http://localhost:8888',
    '/unknown': 'http://no-such-name.invalid:8888',
  }
  for (const [key, target] of Object.entries(targets)) await proxy.route(key, target)

  const dump = JSON.parse(await admin(proxy, '/config_dump')) as { configs: Array<Record<string, unknown>> }
  type Entry = Record<'cluster' | 'route_config', { name: string }> & { active_state: { listener: object } }
  const section = (name: string) => dump.configs.flatMap((config) => (config[name] as Entry[] | undefined) ?? [])
  const withoutType = (message: object) =>
    Object.fromEntries(Object.entries(message).filter(([name]) => name !== '@type'))

  const clusters = section('dynamic_active_clusters').map(({ cluster }) => cluster)
  const scripts = await readScripts()
  const forwarded = { hostRouting: true, forwarding: forwarding(...options), limits: DEFAULT_LIMITS }
  const settings = { targetTls: { showCertificate: false, verify: true }, ...forwarded }
  let addresses: readonly string[] = []
  const found = (all: readonly string[]) => {
    addresses = all
  }
  await new SystemResolver().resolve('localhost', found, true)
  const known: Record<string, readonly string[]> = { '/name': addresses, '/unknown': [] }
  for (const [key, target] of Object.entries(targets)) {
    const route = { routespec: key, data: { target, host: key.slice(1) } }
    const cluster = clusters.find(({ name }) => name === `r:${key}`) ?? {}
    const input = { key, target: parseTarget(target), route, ...(known[key] && { addresses: known[key] }) }
    t.strictSame(withoutType(cluster), shown(routeCluster(input, settings)), key)
  }
  const internal = clusters.find(({ name }) => name === SECRETS_CLUSTER) ?? {}
  t.strictSame(withoutType(internal), shown(secretsCluster(settings.targetTls)))
  const errorCluster = clusters.find(({ name }) => name === ERROR_TARGET) ?? {}
  const errorExpected = errorTargetCluster(parseTarget(errorTarget), settings, addresses)
  t.strictSame(withoutType(errorCluster), shown(errorExpected), 'error target')
  t.equal(clusters.length, Object.keys(targets).length + 2)

  const errorPages = { target: { request: errorPageRequest(`${errorTarget}/?a=1`), script: scripts.errorPage } }
  const listeners = section('dynamic_listeners').map(({ active_state }) => active_state.listener)
  const transport = publicTransport({ requestCertificate: false, versions: tlsVersions(undefined), ciphers: [] })
  const address = { host: '127.0.0.1', port: proxy.port }
  const generation = GENERATION
  const expected = [
    publicListener({
      address,
      transport,
      errorPages,
      scripts,
      ...forwarded,
      countRequests: true,
      workers: 2,
      generation,
    }),
    redirectListener({
      host: await listenIp(undefined),
      port: redirectPort,
      toPort: proxy.port,
      limits: DEFAULT_LIMITS,
      generation,
    }),
  ]
  // A text that is set to nothing has a meaning, and Envoy shows it; without such and all that is false the two are equal.
  t.strictSame(
    listeners.map((listener) => shown(withoutType(listener))),
    expected.map((listener) => shown(shown(listener))),
  )

  const [routes] = section('dynamic_route_configs').map(({ route_config }) => route_config)
  t.strictSame(
    withoutType(routes ?? {}),
    shown(
      routeConfiguration({
        encrypted: true,
        port: proxy.port,
        hasErrorTarget: true,
        shape: { segments: 3, targetPaths: true },
        lookup: scripts.lookup,
        ...forwarded,
      }),
    ),
  )
})

t.test('Envoy is started with its statistics and clusters deferred, and its sockets private', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  const bootstrap = (await readdir(proxy.runtimeDir)).find((name) => name.startsWith('bootstrap-')) ?? ''
  t.match(JSON.parse(await readFile(join(proxy.runtimeDir, bootstrap), 'utf8')), {
    cluster_manager: { enable_deferred_cluster_creation: true },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    admin: { address: { pipe: { path: join(proxy.runtimeDir, 'admin.sock') } } },
  })
  const { stdout } = await promisify(execFile)('stat', ['-c', '%a %F', '.', 'ads.sock', 'admin.sock', bootstrap], {
    cwd: proxy.runtimeDir,
  })
  t.equal(stdout, '700 directory\n600 socket\n600 socket\n600 regular file\n')
  const secrets = await promisify(execFile)('ps', ['-eo', 'args'])
  t.notMatch(secrets.stdout, /a-token-of-the-tests/, 'the token is in no process list')
  const environment = await readFile(`/proc/${await proxy.envoyPid()}/environ`, 'utf8')
  t.notMatch(environment, /a-token-of-the-tests/, "nor in Envoy's environment")
})
