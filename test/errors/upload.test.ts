import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import t from 'tap'
import { ErrorServer } from '../support/error-server.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

const ANSWER = 'HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge'

/** A server that does something with the first bytes of a connection. */
async function server(t: Test, onFirst: (socket: Socket) => void): Promise<string> {
  const listener = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => onFirst(socket))
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => listener.close())
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

for (const withTarget of [false, true]) {
  t.test(`an upload that is cut off ${withTarget ? 'with' : 'without'} an error target`, async (t) => {
    const errors = await ErrorServer.start()
    const proxy = await ProxyProcess.start(withTarget ? ['--error-target', errors.url] : [])
    t.teardown(() => Promise.all([proxy.stop(), errors.stop()]))
    await proxy.route('/cut', await server(t, (socket) => socket.resetAndDestroy()))
    const upload = async (method: string) => {
      const { status, body } = await ask(proxy.port, '/cut', { method }, 'x'.repeat(5_000_000))
      t.equal(status, 503, method)
      t.match(body, 'Your server ended the connection')
      t.notMatch(body, /not be running|cannot be reached/)
    }
    await Promise.all(['POST', 'PUT', 'PATCH'].map(upload))
    t.strictSame(errors.urls, [])
  })
}

t.test('a server that refuses an upload and reads the rest is heard, over HTTP/1.1 and HTTP/2', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  const url = await server(t, (socket) => {
    socket.write(ANSWER)
    socket.resume()
  })
  await proxy.route('/refused', url)
  const upload = Buffer.alloc(5_000_000)
  for (let round = 0; round < 5; round += 1) {
    const session = connect(proxy.url)
    session.on('error', () => {})
    t.teardown(() => session.destroy())
    const { status, body } = await ask(proxy.port, '/refused', { method: 'PUT' }, upload.toString())
    t.strictSame([status, body], [413, 'large'])
    const stream = session.request({ ':method': 'PUT', ':path': '/refused', 'content-length': upload.length })
    stream.on('error', () => {})
    stream.write(upload)
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    t.strictSame([head[':status'], await text(stream)], [413, 'large'], 'the whole answer')
    t.equal(stream.rstCode, 0, 'and then NO_ERROR')
  }
})
