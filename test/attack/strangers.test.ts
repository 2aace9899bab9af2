import { request } from 'node:https'
import t from 'tap'
import { Fleet } from '../external/fleet.js'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { ask, backendOf } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { RawConnection } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

/** As few open files as a system has where nobody has raised the limit. */
const FEW_FILES = ['prlimit', '--nofile=1024:1024']
const CALLS = 10

type Tap = { teardown(fn: () => unknown): unknown }

/** Opens connections as somebody does who may not use the server, until it has said that all places are taken. */
async function takeAllPlaces(t: Tap, proxy: ProxyProcess, port: number, server: string, most: number) {
  const all: RawConnection[] = []
  t.teardown(() => all.forEach((connection) => void connection.end()))
  while (!proxy.output.includes(`${server} has ${most} connections: one was closed`)) {
    all.push(...(await RawConnection.openMany(100, port)))
  }
  return all
}

/** Adds routes and asks through them, each call by a connection of its own; what didn't work. */
async function hubAtWork(proxy: ProxyProcess, target: string): Promise<unknown[]> {
  const failures: unknown[] = []
  for (let turn = 0; turn < CALLS; turn += 1) {
    await proxy.route(`/user/${turn}`, target).catch((error: unknown) => failures.push(error))
    const found = await backendOf(proxy.port, `/user/${turn}`).catch((error: unknown) => error)
    if (found !== 'a') failures.push(found)
  }
  return failures
}

t.jobs = 2

t.test('connections without a token keep out nobody who has one', { buffered: true }, async (t) => {
  const [proxy, backend] = [await ProxyProcess.start(), await Backend.start('a')]
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await takeAllPlaces(t, proxy, proxy.apiPort, 'The REST API', 2_000)
  let isOver = false
  const flood = async (text: string) => {
    while (!isOver) for (const one of await RawConnection.openMany(50, proxy.apiPort, text)) t.teardown(() => one.end())
  }
  const floods = ['', 'GET /livez HTTP/1.1\r\nHost: x\r\n'].map(flood)
  t.strictSame(await hubAtWork(proxy, backend.url), [])
  isOver = true
  await Promise.all(floods)

  const probe = await RawConnection.open(proxy.apiPort, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
  t.equal((await probe.answered()).status, 200)
  await eventually(() => probe.isClosed, 'an answer without a token ends its connection')

  const cases: Array<[requestLine: string, status: number]> = [
    ['POST /api/routes/a', 403],
    ['PUT /api/routes/a', 405],
    ['POST /other', 404],
  ]
  for (const [line, status] of cases) {
    const request = `${line} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n`
    const { status: answer } = await (await RawConnection.open(proxy.apiPort, request)).answered()
    t.equal(answer, status, `${line} is answered before its body`)
  }
})

t.test('no flood of connections takes all open files', { buffered: true }, async (t) => {
  const [metrics = 0] = await freePorts(1)
  const args = ['--metrics-ip', '127.0.0.1', '--metrics-port', String(metrics)]
  const [proxy, backend] = [await ProxyProcess.start(args, { before: FEW_FILES }), await Backend.start('a')]
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await eventually(() => proxy.output.includes('Serve metrics at'), 'it serves them')
  const atMetrics = [
    ...(await takeAllPlaces(t, proxy, metrics, 'The metrics server', 64)),
    ...(await RawConnection.openMany(1_100, metrics)),
  ]
  t.teardown(() => atMetrics.forEach((connection) => void connection.end()))
  await takeAllPlaces(t, proxy, proxy.apiPort, 'The REST API', 624)
  t.strictSame(await hubAtWork(proxy, backend.url), [])
  t.equal((await ask(metrics, '/metrics')).status, 200, 'and Prometheus gets in')
  await eventually(() => atMetrics.filter(({ isClosed }) => !isClosed).length <= 64, 'only so many stay')
})

t.test('who never ends the handshake is sent away, and keeps out nobody meanwhile', { buffered: true }, async (t) => {
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const { keyFile, certFile } = await authority.issue()
  const args = ['--api-ssl-key', keyFile, '--api-ssl-cert', certFile]
  const proxy = await ProxyProcess.start(args, { before: FEW_FILES })
  t.teardown(() => proxy.stop())
  const flood = await takeAllPlaces(t, proxy, proxy.apiPort, 'The REST API', 624)
  const statuses: unknown[] = []
  for (let turn = 0; turn < CALLS; turn += 1) {
    const status = await new Promise((resolve, reject) => {
      const at = { host: '127.0.0.1', port: proxy.apiPort, path: '/api/routes', agent: false, ca: authority.cert }
      request({ ...at, headers: { authorization: `token ${TOKEN}` } }, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end()
    })
    statuses.push(status)
  }
  t.strictSame(statuses, Array(CALLS).fill(200))
  await eventually(() => flood.every(({ isClosed }) => isClosed), 'all are sent away in a while', 60_000)
})

t.test('an Envoy with its certificate gets in among others without one', { buffered: true }, async (t) => {
  const fleet = await Fleet.make(t)
  const proxy = await fleet.start()
  const before = await takeAllPlaces(t, proxy, fleet.xdsPort, 'The server for Envoys', 256)
  const { envoy } = await fleet.envoy('g1')
  await envoy.serve()
  const after = await RawConnection.openMany(300, fleet.xdsPort)
  t.teardown(() => after.forEach((connection) => void connection.end()))
  const open = () => [...before, ...after].filter(({ isClosed }) => !isClosed).length
  await proxy.route('/user/a', fleet.home.backend.url)
  t.equal(await backendOf(0, '/user/a', envoy.at), 'a')
  await eventually(() => open() === 0, 'all are sent away in a while', 60_000)
  await proxy.route('/user/b', fleet.home.backend.url)
  t.equal(await backendOf(0, '/user/b', envoy.at), 'a')
  t.notMatch(proxy.output, 'Envoy g1 disconnected', 'but not the one that had a certificate')
})
