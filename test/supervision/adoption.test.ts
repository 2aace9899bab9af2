import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import type { NetConnectOpts } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { admin } from '../support/admin.js'
import { Backend } from '../support/backend.js'
import { effort } from '../support/effort.js'
import { Home, kill } from '../support/home.js'
import { backendOf } from '../support/http.js'
import { Users } from '../support/load.js'
import { freePorts } from '../support/ports.js'
import { endProcess } from '../support/processes.js'
import type { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

/** How often the control plane is killed under load. Slow machines have no time for the 20 that it was tried with. */
const ROUNDS = effort('CEP_KILL_ROUNDS')

t.test('the control plane can be killed again and again and no user notices', async (t) => {
  const home = await Home.make(t)
  let proxy = await home.start(['--workers', '1'])
  await proxy.route('/user/a', home.backend.url, { user: 'a' })
  const envoy = await proxy.envoyPid()
  const users = await Users.start(proxy.port, '/user/a', { rps: 200, websockets: 200 })
  t.teardown(() => users.stop())
  for (let round = 1; round <= ROUNDS; round += 1) {
    await kill(proxy)
    proxy = await home.start(['--workers', '1'])
    t.equal(await proxy.envoyPid(), envoy, 'the same Envoy')
    const routes = (await (await proxy.api('GET', '')).json()) as Record<string, { user: string }>
    t.equal(routes['/user/a']?.user, 'a', 'the table is there')
    await proxy.route(`/user/new${round}`, home.backend.url)
    t.equal(await backendOf(proxy.port, `/user/new${round}`), 'a', 'changes reach it')
  }
  const before = users.messages
  await eventually(() => users.messages >= before + 200, 'the websockets are answered')
  t.strictSame(users.failures, [])
  t.equal(users.websockets, 200)
  t.comment(`${users.requests} requests`)
})

t.test('a restarted control plane sends only what differs', async (t) => {
  const home = await Home.make(t)
  const first = await home.start()
  await Promise.all(Array.from({ length: 50 }, (_, index) => first.route(`/user/${index}`, home.backend.url)))
  const before = await added(first)
  await kill(first)
  const second = await home.start(['--default-target', home.backend.url])
  await second.route('/user/more', home.backend.url)
  t.equal(await added(second), before + 2, 'the default target and the last one')
  const stats = await admin(second, '/stats?filter=cluster_manager.cluster_')
  t.match(stats, /cluster_modified: 0\n/)
  t.match(stats, /cluster_removed: 0\n/)
})

/** How many clusters its Envoy was sent that it had not yet. */
async function added(proxy: ProxyProcess): Promise<number> {
  return Number(/: (\d+)/.exec(await admin(proxy, '/stats?filter=cluster_manager.cluster_added'))?.[1])
}

t.test('a start that fails leaves the running Envoy as it was', async (t) => {
  const home = await Home.make(t)
  const first = await home.start()
  await first.route('/user/a', home.backend.url)
  const envoy = await first.envoyPid()
  await kill(first)
  // A port of its own: one that is the route's target too would make the route lead back to the proxy.
  const taken = await Backend.start('another program')
  t.teardown(() => taken.stop())
  const file = join(home.runtimeBase, 'no-certificate')
  await writeFile(file, '')
  for (const [args, ports, line] of [
    [['--ssl-key', file, '--ssl-cert', file], home.ports, /does not hold whole certificates/],
    [[], [taken.port, home.ports[1]], /can't listen on .*: the port is in use/],
    [[], [home.ports[0], taken.port], /REST API can't listen on .*: the port is in use/],
  ] as const) {
    const bad = await home.spawn(args, ports)
    t.strictSame(await bad.exit(), { code: 1, signal: null })
    t.match(bad.output, line)
    t.equal(await backendOf(first.port, '/user/a'), 'a')
  }
  const good = await home.start()
  t.equal(await good.envoyPid(), envoy)
})

t.test('a start that fails tells the running Envoy nothing', async (t) => {
  const home = await Home.make(t)
  const first = await home.start(['--default-target', home.backend.url])
  await kill(first)
  const taken = await Backend.start('another program')
  t.teardown(() => taken.stop())
  const [free = 0] = await freePorts(1)
  const other = ['--default-target', `http://127.0.0.1:${free}`]
  const before = await changed(first)
  for (const [args, ports, line] of [
    [[], [home.ports[0], taken.port], /REST API can't listen on .*: the port is in use/],
    [['--metrics-port', String(taken.port)], home.ports, /metrics server can't listen on .*: the port is in use/],
    [['--pid-file', '/no/such/dir/pid'], home.ports, /--pid-file can't be written/],
  ] as const) {
    const bad = await home.spawn([...other, ...args], ports)
    t.strictSame(await bad.exit(), { code: 1, signal: null })
    t.match(bad.output, line)
    t.equal(await backendOf(first.port, '/x'), 'a', 'it has the default target of before')
  }
  t.equal(await changed(first), before)

  // A pid file that takes time: until then Envoy can't connect, and calls wait.
  const pidFile = join(home.runtimeBase, 'pid')
  await promisify(execFile)('mkfifo', [pidFile])
  const good = await home.spawn([...other, '--pid-file', pidFile])
  await eventually(() => isListening({ host: '127.0.0.1', port: good.apiPort }), 'the port of the API is open')
  const called = good.api('GET', '')
  t.notOk(await isListening({ path: join(good.runtimeDir, 'ads.sock') }), 'but not that for Envoys')
  t.equal(await readFile(pidFile, 'utf8'), String(good.child.pid))
  t.match(await (await called).json(), { '/': { target: `http://127.0.0.1:${free}` } }, 'the call is answered then')
  await eventually(async () => (await changed(first)) > before, 'Envoy is told')
})

function isListening(at: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** How often its Envoy was sent a cluster that it had not yet, or another one. */
async function changed(proxy: ProxyProcess): Promise<number> {
  const stats = await admin(proxy, '/stats?filter=cluster_manager.cluster_(added|modified|updated)')
  return [...stats.matchAll(/: (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
}

t.test('an adopted Envoy that is killed comes back with the whole table', async (t) => {
  const home = await Home.make(t)
  const first = await home.start()
  await first.route('/user/a', home.backend.url)
  await kill(first)
  const second = await home.start()
  const envoy = await second.envoyPid()
  await endProcess(envoy)
  await eventually(async () => (await backendOf(second.port, '/user/a').catch(() => 0)) === 'a', 'it serves again')
  t.not(await second.envoyPid(), envoy)
})

t.test('of two that are started at once one goes on with Envoy, and the other says why it does not', async (t) => {
  const home = await Home.make(t)
  const first = await home.start()
  const envoy = await first.envoyPid()
  await kill(first)
  const both = await Promise.all([home.spawn(), home.spawn()])
  await eventually(() => both.some(({ child }) => child.exitCode !== null), 'one has ended')
  const loser = both.find(({ child }) => child.exitCode !== null)
  const winner = both.find((proxy) => proxy !== loser)
  t.equal(loser?.child.exitCode, 1)
  t.match(loser?.output, /^error: Another configurable-envoy-proxy /m)
  await eventually(() => winner?.output.includes('Proxy API at') ?? false, 'the other has started')
  t.equal(await winner?.envoyPid(), envoy)
})
