import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { ProxyProcess } from '../support/proxy.js'
import { exchange } from '../support/raw.js'
import { Recorder } from '../support/recorder.js'

const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\n'
const REFUSALS: Readonly<Record<string, string>> = {
  '426 with a length': `HTTP/1.1 426 Upgrade Required\r\n${UPGRADE}Content-Length: 3\r\n\r\nold`,
  '426 in chunks': `HTTP/1.1 426 Upgrade Required\r\n${UPGRADE}Transfer-Encoding: chunked\r\n\r\n3\r\nold\r\n0\r\n\r\n`,
  '403 without a length': `HTTP/1.1 403 Forbidden\r\nUPGRADE: websocket\r\nCONNECTION: keep-alive, upgrade\r\n\r\n`,
}

for (const [name, refusal] of Object.entries(REFUSALS)) {
  t.test(`a websocket that is refused by ${name} and \`Connection: Upgrade\` gets an answer that ends`, async (t) => {
    const backend = await Recorder.start(refusal)
    const proxy = await ProxyProcess.start(['--default-target', backend.url])
    t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
    const answer = await exchange(proxy.port, `GET /x HTTP/1.1\r\nHost: a\r\n${UPGRADE}Sec-WebSocket-Key: a\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 503 .*content-length: 0\r\n\r\n$/s)

    const session = connect(proxy.url)
    session.on('error', () => {})
    t.teardown(() => session.destroy())
    await once(session, 'remoteSettings')
    const websocket = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/x', ':scheme': 'http' }
    const stream = session.request(websocket, { endStream: false })
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    t.strictSame([head[':status'], await text(stream)], [503, ''], 'over HTTP/2')
  })
}
