import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import t from 'tap'
import { ask, askAll } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const [metricsPort = 0] = await freePorts(1)
const proxy = await ProxyProcess.start([
  ...['--metrics-ip', '127.0.0.1', '--metrics-port', String(metricsPort), '--max-connections', '100', '--workers', '1'],
])
t.teardown(() => proxy.stop())

/** The value of a metric. */
async function metric(name: string): Promise<number> {
  const { body } = await ask(metricsPort, '/metrics')
  const line = body.split('\n').find((text) => text.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1))
}

t.test('of a flood of failures some are in the log, the others in a sum, and all in the metric', async (t) => {
  const COUNT = 400
  const begun = performance.now()
  const answers = await askAll(
    proxy.port,
    Array.from({ length: COUNT }, (_, n) => `/flood/${n}`),
  )
  t.ok(answers.every(({ status }) => status === 404))
  const seconds = Math.ceil((performance.now() - begun) / 1000)
  const counts = () => {
    const listed = proxy.output.match(/404 GET \/flood\/\d+ no route matches/g)?.length ?? 0
    const sums = [...proxy.output.matchAll(/ (\d+) more failed requests are not listed one by one/g)]
    return { listed, omitted: sums.reduce((all, [, count]) => all + Number(count), 0) }
  }
  await eventually(() => counts().listed + counts().omitted === COUNT, 'each is told of')
  t.ok(counts().listed >= 100, 'the first hundred are listed')
  t.ok(counts().listed <= 100 + 10 * (seconds + 1), `and then ten a second: ${counts().listed} in ${seconds} s`)
  await eventually(async () => (await metric('cep_failed_requests_total{reason="no_route"}')) === COUNT, 'all count')
  t.equal(await metric('cep_failed_requests_total{reason="unreachable"}'), 0, 'other reasons are there too')
})

t.test('connections beyond the limit are told of and counted', async (t) => {
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  let closed = 0
  for (let n = 0; n < 120; n += 1) {
    const socket = connect(proxy.port, '127.0.0.1')
    socket.on('error', () => {}).on('close', () => (closed += 1))
    socket.resume()
    sockets.push(socket)
    await once(socket, 'connect')
  }
  await eventually(() => closed >= 10, 'the last are closed')
  await eventually(
    () => /warn: \d+ connections of users were closed, since .*--max-connections allows/.test(proxy.output),
    'a line says so',
  )
  await eventually(async () => (await metric('cep_closed_connections_total{limit="connections"}')) >= 10, 'they count')
})
