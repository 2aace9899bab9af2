import t from 'tap'
import { uploadCapacity, waitingCapacity } from '../../src/resources/listeners/places.js'
import { Backend } from '../support/backend.js'
import { ask } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'
import { RawConnection } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

const MIB = 1024 * 1024
const LIMITS = { maxHeapBytes: 256 * MIB, maxRequestsPerRoute: 100 }
const COUNT = 40
const [metricsPort = 0] = await freePorts(1)
const backend = await Backend.start('backend')
const proxy = await ProxyProcess.start([
  ...['--metrics-ip', '127.0.0.1', '--metrics-port', String(metricsPort), '--workers', '1'],
  ...['--max-heap', '256', '--max-requests-per-route', '100'],
])
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
await proxy.route('/user/alice', backend.url)

async function figure(name: string, limit: string): Promise<number> {
  const { body } = await ask(metricsPort, '/metrics')
  return Number(new RegExp(`^${name}\\{limit="${limit}",envoy="embedded-0"\\} (\\S+)$`, 'm').exec(body)?.[1])
}

const begin = (headers: string) =>
  RawConnection.openMany(COUNT, proxy.port, `POST /user/alice/x HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n`)

t.test('the metrics have how full the places of uploads are, also after clients have gone', async (t) => {
  const capacity = uploadCapacity(LIMITS)
  const used = () => figure('cep_limit_used', 'uploads')
  await eventually(async () => (await used()) === 0, 'Envoy has reported')
  t.equal(await figure('cep_limit_max', 'uploads'), capacity)
  const uploads = await begin('Transfer-Encoding: chunked')
  await eventually(async () => (await used()) === COUNT, 'each upload counts')
  t.equal(await figure('cep_limit_fill_ratio', 'uploads'), COUNT / capacity)
  for (const { socket } of uploads) socket.destroy()
  await eventually(async () => {
    const one = await RawConnection.open(
      proxy.port,
      'POST /user/alice/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    )
    await eventually(() => one.received.includes('200 OK'), 'an upload is answered')
    one.socket.destroy()
    return (await used()) <= 1
  }, 'those of clients that have gone no longer do')
})

t.test('the metrics have how much memory waiting requests use, until they are complete', async (t) => {
  t.equal(await figure('cep_limit_max', 'waiting_requests'), waitingCapacity(LIMITS))
  const used = () => figure('cep_limit_used', 'waiting_requests')
  const body = 60_000
  const waiting = await begin(`Content-Length: ${body}`)
  await eventually(async () => (await used()) > COUNT * body, 'each waiting request counts')
  for (const { socket } of waiting) socket.write('x'.repeat(body))
  await eventually(() => waiting.every(({ received }) => received.includes('200 OK')), 'all are answered')
  const step = waitingCapacity(LIMITS) / 100
  await eventually(async () => (await used()) <= step, 'complete requests no longer count')
})
