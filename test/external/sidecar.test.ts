import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { commandLine } from '../support/command-line.js'
import { ExternalEnvoy } from '../support/external-envoy.js'
import { Home, kill } from '../support/home.js'
import { ask, backendOf } from '../support/http.js'
import { Users } from '../support/load.js'
import { accepts } from '../support/ports.js'
import { tcpEnds } from '../support/tcp-timers.js'
import { eventually } from '../support/wait.js'

async function sidecar(t: Parameters<typeof Home.make>[0]) {
  const home = await Home.make(t)
  const socket = join(home.runtimeBase, 'ads.sock')
  const args = ['--envoy-mode', 'external', '--xds-address', `unix:${socket}`]
  const bootstrap = ['--mode', 'sidecar', '--xds-address', `unix:${socket}`, '--node-id', 'sidecar']
  const at = { port: home.ports[0] }
  const envoy = await ExternalEnvoy.make(t, { directory: join(home.runtimeBase, 'envoy'), at, bootstrap })
  return { home, args, socket, envoy }
}

t.test('either of the two may die: Envoy serves on, and another Envoy gets the whole table', async (t) => {
  const { home, args, socket, envoy } = await sidecar(t)
  const first = await home.start(args)
  t.equal((await stat(socket)).mode & 0o777, 0o660)
  await first.route('/user/before', home.backend.url)
  await envoy.serve()
  t.match(await envoy.adminWithoutKey('/stats'), 'not allowed', 'its admin interface is for who has the key')
  t.equal(await backendOf(first.port, '/user/before'), 'a', 'a route that was added while there was no Envoy')
  await first.route('/user/a', home.backend.url)
  t.equal(await backendOf(first.port, '/user/a'), 'a')

  const users = await Users.start(first.port, '/user/a', { rps: 100, websockets: 5 })
  t.teardown(() => users.stop())
  const updates = await envoy.stat('cluster_manager.cds.update_success')
  await kill(first)
  const second = await home.start(args)
  await second.route('/user/b', home.backend.url)
  t.equal(await backendOf(second.port, '/user/b'), 'a', 'a change right after the start waits for Envoy to be back')
  t.match(second.output, 'Envoy sidecar connected')
  t.equal(await envoy.stat('cluster_manager.cds.update_success'), updates + 1, 'only the difference was sent')
  await eventually(() => users.requests > 200, 'users have been at work')
  await users.stop()
  t.strictSame(users.failures, [])

  await kill(second)
  await envoy.kill()
  envoy.start()
  await eventually(async () => (await envoy.stat('cluster_manager.cds.update_attempt').catch(() => 0)) > 2, 'it asks')
  t.notOk(await accepts(second.port), 'without a control plane it does not listen')
  await home.start(args)
  await envoy.ready()
  const paths = ['/user/before', '/user/a', '/user/b']
  t.strictSame(await Promise.all(paths.map((path) => backendOf(second.port, path))), ['a', 'a', 'a'])
})

t.test(
  'an Envoy with the bootstrap of a version before serves on without keepalive until it gets a new one',
  async (t) => {
    const { home, args, envoy } = await sidecar(t)
    const bootstrap = join(home.runtimeBase, 'envoy', 'bootstrap.json')
    const present = await readFile(bootstrap, 'utf8')
    await writeFile(bootstrap, present.replace(/"generation": \d+/, ''))
    const first = await home.start(args)
    await first.route('/user/a', home.backend.url)
    await envoy.serve()
    const users = await Users.start(first.port, '/user/a', { rps: 100, websockets: 5 })
    t.teardown(() => users.stop())
    await kill(first)
    const second = await home.start(args)
    await second.route('/user/b', home.backend.url)
    t.equal(await backendOf(second.port, '/user/b'), 'a')
    await eventually(() => users.requests > 200, 'users have been at work')
    await users.stop()
    t.strictSame(users.failures, [])
    t.notMatch(second.output, /reject|can't serve/)
    t.equal(await envoy.stat('listener_manager.lds.update_rejected'), 0)
    t.strictSame(await keptAlive(second.port), [false])

    await envoy.kill()
    await writeFile(bootstrap, present)
    await envoy.serve()
    t.strictSame(await keptAlive(second.port), [true])
  },
)

/** Whether Envoy's end of a new connection asks whether the other is still there. */
async function keptAlive(port: number): Promise<boolean[]> {
  const silent = connect(port, '127.0.0.1')
  await once(silent, 'connect')
  try {
    const ends = (await tcpEnds()).filter((end) => end.localPort === port && end.remotePort === silent.localPort)
    return ends.map(({ asksIn }) => asksIn !== undefined)
  } finally {
    silent.destroy()
  }
}

t.test('an Envoy without a control plane tries again soon, and does not fill its log with that', async (t) => {
  const { home, args, envoy } = await sidecar(t)
  const tries = () => envoy.output.split('gRPC config stream to control_plane closed').length - 1
  envoy.start()
  // The first come one soon after the other.
  await eventually(() => tries() >= 6, 'Envoy tries', 30_000)
  const begin = performance.now()
  const before = tries()
  await eventually(() => tries() >= before + 12, 'Envoy goes on trying', 60_000)
  // Each waits for some part of a second. At 8 a second they would take a second and a half.
  t.ok(performance.now() - begin > 2_500, `12 tries in ${performance.now() - begin} ms`)
  await home.start(args)
  await envoy.ready()
})

t.test('while it is drained it serves on, and says that it does not want new clients', async (t) => {
  const { home, args, envoy } = await sidecar(t)
  const proxy = await home.start(args)
  let answer = () => {}
  const slow = await Backend.start('slow', (_request, response) => {
    answer = () => response.end('late')
  })
  t.teardown(() => slow.stop())
  await proxy.route('/user/a', home.backend.url)
  await proxy.route('/slow', slow.url)
  await envoy.serve()
  const underWay = ask(proxy.port, '/slow')
  await eventually(async () => (await envoy.stat('http.public.downstream_rq_active')) === 1, 'a request is under way')

  let drained = false
  const draining = envoy.drain(20).then(() => {
    drained = true
  })
  await eventually(async () => (await ask(proxy.port, '/_chp_healthz')).status === 503, 'the health check fails')
  const { status, headers } = await ask(proxy.port, '/user/a', { headers: { connection: 'keep-alive' } })
  t.match([status, headers.connection], [200, 'close'], 'a new client is served, and sent away')
  t.notOk(drained)
  answer()
  t.equal((await underWay).body, 'late', 'what was under way has ended')
  await draining
  t.notOk(await accepts(proxy.port), 'then the port is closed')
})

t.test('probes of the control plane need no token', async (t) => {
  const { home, args } = await sidecar(t)
  const proxy = await home.start(args)
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${proxy.apiPort}${path}`)
    return [answer.status, await answer.text()]
  }
  t.strictSame(await get('/livez'), [200, 'alive\n'])
  t.strictSame(await get('/readyz'), [200, 'ready: the table is loaded, Envoys connected: 0\n'])
  t.notMatch(proxy.output, 'livez', 'and they do not fill the log')
})

t.test('modes and addresses that do not fit are refused in a line', async (t) => {
  const external = ['--envoy-mode', 'external', '--xds-address']
  const cases: Array<[args: string[], line: RegExp]> = [
    [['--envoy-mode', 'external'], /--envoy-mode external needs --xds-address/],
    [['--xds-address', 'unix:/run/ads.sock'], /go with --envoy-mode external/],
    [[...external, 'ads.sock'], /write unix:\/absolute\/path or host:port/],
    [[...external, '0.0.0.0:18000'], /can be reached by any user of the machine, .* add --xds-ssl-key/],
    [[...external, '[::]:18000'], /can be reached by any user/],
    [[...external, '127.0.0.1:18000'], /can be reached by any user/],
    [[...external, '[::1]:18000'], /can be reached by any user/],
    [[...external, 'localhost:18000'], /can be reached by any user/],
    [[...external, 'unix:/run/ads.sock', '--member-address', 'a'], /--member-address needs .* of the form host:port/],
    [[...external, '127.0.0.1:18000', '--xds-ssl-key', 'k'], /are needed together/],
    [['bootstrap', '--mode', 'gateway', '--xds-address', 'control.plane:80'], /can be reached by any user/],
    [['bootstrap', '--mode', 'gateway', '--xds-address', '127.0.0.1:80'], /can be reached by any user/],
    [['bootstrap', '--mode', 'gateway', '--xds-address', 'unix:/run/ads.sock'], /needs .* of the form host:port/],
    [['bootstrap', '--mode', 'sidecar', '--xds-address', '127.0.0.1:80'], /needs .* of the form unix:/],
    [
      ['bootstrap', '--mode', 'sidecar', '--xds-address', 'unix:/a.sock', '--admin-socket', '/no/such/admin.sock'],
      /admin\.sock\.key can't be written: .* run `bootstrap` where Envoy will run/,
    ],
    [['drain', '--admin-socket', '/no/such.sock'], /The Envoy at \/no\/such.sock can't be drained/],
  ]
  for (const [args, line] of cases) {
    const { code, stderr } = await commandLine(args)
    t.equal(code, 1, `${args}`)
    t.match(stderr, line)
    t.match(stderr, /^error: [^\n]*\n$/, 'one line')
  }
})
