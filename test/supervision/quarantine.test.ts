import { mkdir } from 'node:fs/promises'
import { pino } from 'pino'
import t from 'tap'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { Home, kill } from '../support/home.js'
import { ask, backendOf } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import type { ProxyProcess } from '../support/proxy.js'
import { put } from '../support/store.js'
import { eventually } from '../support/wait.js'

/** What Envoy refuses and nothing before it: a path that is too long for a socket. */
const REFUSED = `http+unix://%2F${'s'.repeat(120)}`
const REASON = /socket path size/
const WARNING = /warn: Envoy rejected the route \/user\/bad\. That Envoy does not serve it .*socket path size/g
const GOOD = Array.from({ length: 100 }, (_, index) => `/user/${index}`)

/** A home whose store has the good routes, the refused ones and a route for the whole site, all with data of the hub's. */
async function homeWith(
  t: Parameters<typeof Home.make>[0],
  refused: readonly string[],
  target = REFUSED,
): Promise<Home> {
  const home = await Home.make(t)
  await mkdir(home.stateDir, { mode: 0o700 })
  const store = await LmdbStore.open(home.stateDir, pino({ level: 'silent' }))
  const add = (routespec: string, to: string) =>
    put(store, { routespec, data: { target: to, user: 'x' }, lastActivity: new Date() })
  await Promise.all([
    ...['/', ...GOOD].map((routespec) => add(routespec, home.backend.url)),
    ...refused.map((routespec) => add(routespec, target)),
  ])
  await store.close()
  return home
}

/** The routes that the API reports as refused, with all it has of them. */
async function reported(proxy: ProxyProcess): Promise<Record<string, Record<string, unknown>>> {
  const table = (await (await proxy.api('GET', '')).json()) as Record<string, Record<string, unknown>>
  return Object.fromEntries(Object.entries(table).filter(([, route]) => 'rejected' in route))
}

async function gauge(metricsPort: number): Promise<number> {
  return Number(/^cep_routes_rejected (\d+)$/m.exec((await ask(metricsPort, '/metrics')).body)?.[1])
}

function warnings(proxy: ProxyProcess): number {
  return [...proxy.output.matchAll(WARNING)].length
}

t.test('a stored route that Envoy refuses keeps no other from being served, and is reported', async (t) => {
  const home = await homeWith(t, ['/user/bad'])
  const [metricsPort = 0] = await freePorts(1)
  const args = ['--metrics-ip', '127.0.0.1', '--metrics-port', String(metricsPort)]
  const isAlone = async (proxy: ProxyProcess) => {
    for (const path of GOOD) t.equal(await backendOf(proxy.port, path), 'a')
    t.match(await reported(proxy), { '/user/bad': { target: REFUSED, user: 'x', rejected: REASON } })
    t.strictSame(Object.keys(await reported(proxy)), ['/user/bad'])
    t.match(await (await proxy.api('GET', '/user/bad')).json(), { target: REFUSED, rejected: REASON })
    t.equal(await gauge(metricsPort), 1)
    t.equal(await backendOf(proxy.port, '/user/bad/x'), 'a', 'its requests go to the route above')
  }

  const first = await home.start(args)
  await isAlone(first)
  t.equal(warnings(first), 1)

  const envoy = await first.envoyPid()
  await kill(first)
  const second = await home.start(args)
  t.equal(await second.envoyPid(), envoy, 'the same Envoy')
  await eventually(() => warnings(second) > 0, 'it has been refused again')
  await isAlone(second)

  process.kill(envoy, 'SIGKILL')
  await eventually(async () => (await backendOf(second.port, '/user/0').catch(() => 0)) === 'a', 'Envoy is back')
  t.not(await second.envoyPid(), envoy)
  await isAlone(second)
  t.equal(warnings(second), 2, 'one for each Envoy')

  const worse = await second.api('POST', '/user/bad', { target: `${REFUSED}s` })
  t.equal(worse.status, 400)
  await eventually(async () => (await gauge(metricsPort)) === 1, 'it is as it was')
  t.equal((await reported(second))['/user/bad']?.target, REFUSED)
  await second.route('/user/bad', home.backend.url)
  t.strictSame(await reported(second), {})
  t.equal(await gauge(metricsPort), 0)
  t.match(await (await second.api('GET', '/user/bad')).json(), { target: home.backend.url })
})

t.test('a refused route can be deleted, and however many there are, all others are served', async (t) => {
  const bad = Array.from({ length: 20 }, (_, index) => `/bad/${index}`)
  const home = await homeWith(t, bad)
  const proxy = await home.start()
  t.strictSame(Object.keys(await reported(proxy)).sort(), [...bad].sort())
  for (const path of GOOD) t.equal(await backendOf(proxy.port, path), 'a')
  for (const path of bad) t.equal((await proxy.api('DELETE', path)).status, 204)
  t.strictSame(await reported(proxy), {})
  await kill(proxy)
  const table = (await (await (await home.start()).api('GET', '')).json()) as object
  t.strictSame(Object.keys(table).sort(), ['/', ...GOOD].sort(), 'and does not come back')
})

t.test(
  'a stored route whose target this version does not take is kept, reported, and can be replaced or deleted',
  async (t) => {
    const later = 'quic://127.0.0.1:1/x'
    const home = await homeWith(t, ['/user/bad', '/user/worse'], later)
    const [metricsPort = 0] = await freePorts(1)
    const args = ['--metrics-ip', '127.0.0.1', '--metrics-port', String(metricsPort)]
    const first = await home.start(args)
    const reason = /must start with http/
    t.match(
      first.output,
      /warn: The stored route \/user\/bad can't be served\. It is not in use .*must start with http/,
    )
    for (const path of [...GOOD, '/user/bad/x']) t.equal(await backendOf(first.port, path), 'a')
    t.match(await reported(first), {
      '/user/bad': { target: later, user: 'x', rejected: reason },
      '/user/worse': { target: later, user: 'x', rejected: reason },
    })
    t.equal(await gauge(metricsPort), 2)

    t.equal(
      (await first.api('POST', '/user/bad', { target: REFUSED })).status,
      400,
      'what Envoy refuses changes nothing',
    )
    t.equal((await reported(first))['/user/bad']?.target, later)
    await kill(first)
    const second = await home.start(args)
    t.strictSame(
      Object.keys(await reported(second)).sort(),
      ['/user/bad', '/user/worse'],
      'they are stored as they were',
    )
    await second.route('/user/bad', home.backend.url)
    t.equal((await second.api('DELETE', '/user/worse')).status, 204)
    t.strictSame(await reported(second), {})
    t.equal(await gauge(metricsPort), 0)
    await kill(second)
    const table = (await (await (await home.start(args)).api('GET', '')).json()) as object
    t.strictSame(Object.keys(table).sort(), ['/', ...GOOD, '/user/bad'].sort())
  },
)
