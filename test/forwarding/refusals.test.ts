import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { exchange } from '../support/raw.js'
import { Recorder } from '../support/recorder.js'
import { eventually } from '../support/wait.js'

const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\n'

/** What a backend answers, and the status that the client sees. */
const REFUSALS: ReadonlyArray<readonly [refusal: string, status: number]> = [
  [`HTTP/1.1 426 Upgrade Required\r\n${UPGRADE}Content-Length: 3\r\nSec-WebSocket-Version: 13\r\n\r\nold`, 426],
  [`HTTP/1.1 426 Upgrade Required\r\n${UPGRADE}Transfer-Encoding: chunked\r\n\r\n3\r\nold\r\n0\r\n\r\n`, 426],
  ['HTTP/1.1 403 Forbidden\r\nUPGRADE: websocket\r\nCONNECTION: keep-alive, upgrade\r\n\r\n', 403],
  [`HTTP/1.1 302 Found\r\n${UPGRADE}Location: /login\r\nContent-Length: 0\r\n\r\n`, 302],
  [`HTTP/1.1 502 Bad Gateway\r\n${UPGRADE}Content-Length: 3\r\n\r\nold`, 502],
  [`HTTP/1.1 503 Service Unavailable\r\n${UPGRADE}Content-Length: 3\r\n\r\nold`, 503],
  [`HTTP/1.1 200 OK\r\n${UPGRADE}Content-Length: 3\r\n\r\nold`, 503],
  [`HTTP/1.1 599 What\r\n${UPGRADE}Content-Length: 3\r\n\r\nold`, 503],
]
const KEPT = ['location', 'sec-websocket-version']

const proxy = await ProxyProcess.start()
t.teardown(() => proxy.stop())

for (const [index, [refusal, status]] of REFUSALS.entries()) {
  const name = JSON.stringify(refusal.split('\r\n')[0])
  t.test(`a websocket that is refused by ${name} and \`Connection: Upgrade\` gets an answer that ends`, async (t) => {
    const backend = await Recorder.start(refusal)
    t.teardown(() => backend.stop())
    await proxy.route(`/refused/${index}`, backend.url)
    const handshake = `GET /refused/${index} HTTP/1.1\r\nHost: a\r\n${UPGRADE}Sec-WebSocket-Key: a\r\n\r\n`
    const answer = await exchange(proxy.port, handshake)
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} .*content-length: 0\r\n\r\n$`, 's'))
    const kept = KEPT.filter((header) => refusal.toLowerCase().includes(`\n${header}: `))
    for (const header of kept) {
      const line = new RegExp(`\n${header}: .*?\r\n`, 'i')
      t.equal(line.exec(answer)?.[0].toLowerCase(), line.exec(refusal)?.[0].toLowerCase())
    }
    t.equal(KEPT.filter((header) => answer.toLowerCase().includes(`\n${header}: `)).length, kept.length, 'no others')

    const session = connect(proxy.url)
    session.on('error', () => {})
    t.teardown(() => session.destroy())
    await once(session, 'remoteSettings')
    const websocket = {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': `/refused/${index}`,
      ':scheme': 'http',
    }
    const stream = session.request(websocket, { endStream: false })
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    t.strictSame([head[':status'], await text(stream)], [status, ''], 'over HTTP/2')
  })
}

t.test("a backend's refusal is no failure of the proxy's", async (t) => {
  await ask(proxy.port, '/nowhere')
  await eventually(() => proxy.output.includes('GET /nowhere no route'), 'the log tells of a failure')
  t.notMatch(proxy.output, /GET \/refused/)
})
