import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { ask } from '../support/http.js'
import { killProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'

const NOBODY = 'http://127.0.0.1:1'

/** What is sent back, to the last byte, for a request written by hand. */
function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  return text(socket)
}

const proxy = await ProxyProcess.start()
t.teardown(() => proxy.stop())

t.test('before there is any route, both ports answer less than 500', async (t) => {
  t.equal((await ask(proxy.port, '/')).status, 404)
  t.equal((await ask(proxy.apiPort, '/')).status, 404)
})

t.test('a reply of our own is a page with its status, in words, that repeats nothing of the request', async (t) => {
  await proxy.route('/dead', NOBODY)
  const missing = await ask(proxy.port, '/hello<script>?x=secret')
  t.equal(missing.status, 404)
  t.equal(missing.headers['content-type'], 'text/html; charset=utf-8')
  t.match(missing.body, /^<!DOCTYPE html>.*There is nothing at this address.*Error 404/s)
  t.notMatch(missing.body, /hello|script|secret|https?:/)
  const dead = await ask(proxy.port, '/dead/x')
  t.equal(dead.status, 503)
  t.match(dead.body, /^<!DOCTYPE html>.*Your server cannot be reached right now.*Error 503/s)
  const malformed = await ask(proxy.port, '/x', { headers: { cookie: 'c'.repeat(100_000) } })
  t.equal(malformed.status, 431)
  t.match(malformed.body, 'Your browser sent too much')
})

t.test('a target that answers no HTTP is 503, as one that is down', async (t) => {
  const backend = await Backend.start('a', (request) => request.socket.end('nonsense\r\n\r\n'))
  t.teardown(() => backend.stop())
  await proxy.route('/nonsense', backend.url)
  const { status, body } = await ask(proxy.port, '/nonsense')
  t.equal(status, 503)
  t.match(body, 'cannot be reached')
})

t.test('HEAD gets no body', async (t) => {
  const answer = await raw(proxy.port, 'HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  t.match(answer, /^HTTP\/1\.1 404 [^<]*\r\n\r\n$/)
})

t.test('a websocket gets the bare status', async (t) => {
  await proxy.route('/dead', NOBODY)
  const nonsense = createServer((socket) => socket.end('nonsense\r\n\r\n').on('error', () => {}))
  await once(nonsense.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => nonsense.close())
  await proxy.route('/nonsense', `http://127.0.0.1:${(nonsense.address() as AddressInfo).port}`)
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YQ==\r\n'
  const statuses = { '/nothing': 404, '/dead': 503, '/nonsense': 503 }
  const ask = async ([path, status]: [string, number]) => {
    const [first, ...rest] = (await raw(proxy.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`)).split('\r\n')
    t.match(first, `HTTP/1.1 ${status} `, path)
    t.strictSame(rest.slice(1), ['connection: close', 'content-length: 0', '', ''], path)
  }
  await Promise.all(Object.entries(statuses).map(ask))
})

t.test('a request with a body is answered, of whatever size', async (t) => {
  await proxy.route('/dead', NOBODY)
  for (const size of [10, 5_000_000]) {
    const { status, body } = await ask(proxy.port, '/dead', { method: 'POST' }, 'x'.repeat(size))
    t.equal(status, 503)
    t.match(body, 'Error 503')
  }
})

t.test('a gRPC client gets an error of its own kind, and no page in it', async (t) => {
  const { headers, body } = await ask(proxy.port, '/nothing', {
    method: 'POST',
    headers: { 'content-type': 'application/grpc+proto' },
  })
  t.match(headers, { 'grpc-status': '12' })
  t.equal(headers['grpc-message'] ?? '', '')
  t.equal(body, '')
})

for (const args of [[], ['--error-target', NOBODY]]) {
  t.test(`the pages are there while the control plane is dead: ${args.join(' ')}`, async (t) => {
    const orphaned = await ProxyProcess.start([...args])
    const envoy = await orphaned.envoyPid()
    t.teardown(async () => {
      killProcess(envoy)
      await orphaned.stop()
    })
    await orphaned.route('/dead', NOBODY)
    orphaned.child.kill('SIGKILL')
    await orphaned.exit()
    for (const [path, status] of Object.entries({ '/nothing': 404, '/dead': 503 })) {
      const answer = await ask(orphaned.port, path)
      t.equal(answer.status, status)
      t.match(answer.body, `Error ${status}`)
    }
  })
}
