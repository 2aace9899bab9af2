import { once } from 'node:events'
import { Agent } from 'node:http'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { ask, backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { RawConnection } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

const backend = await Backend.start('backend')
t.teardown(() => backend.stop())

t.test('a flood of connections is cut at the limit, and drains by itself', async (t) => {
  const proxy = await ProxyProcess.start(['--max-connections', '50', '--request-timeout', '2'])
  t.teardown(() => proxy.stop())
  await proxy.route('/', backend.url)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  t.equal(await backendOf(proxy.port, '/', { agent }), 'backend')

  const flood = await RawConnection.openMany(200, proxy.port)
  t.teardown(() => flood.forEach((connection) => void connection.end()))
  const open = () => flood.filter(({ isClosed }) => !isClosed).length
  await eventually(() => open() <= 50, 'the others are closed')
  t.ok(open() > 0, `${open()} of them fit`)
  t.equal(await backendOf(proxy.port, '/', { agent }), 'backend', 'who is connected goes on')
  t.equal((await proxy.api('GET', '')).status, 200)
  await t.rejects(ask(proxy.port, '/_chp_healthz'), 'for a new connection there is no place')

  await eventually(() => open() === 0, 'the silent ones are closed as well')
  t.equal((await ask(proxy.port, '/_chp_healthz')).status, 200)
  // Twice the limit in all: none is counted that has gone.
  for (let turn = 0; turn < 100; turn += 1) t.equal(await backendOf(proxy.port, '/'), 'backend')
})

t.test('who sends a request too slowly is closed', async (t) => {
  const proxy = await ProxyProcess.start(['--request-timeout', '1'])
  t.teardown(() => proxy.stop())
  const waiting = await Backend.start(
    'waiting',
    (_request, response) => void setTimeout(() => response.end('late'), 2_500),
  )
  t.teardown(() => waiting.stop())
  await proxy.route('/', backend.url)
  await proxy.route('/waiting', waiting.url)
  const old = new WebSocket(`ws://127.0.0.1:${proxy.port}/`)
  t.teardown(() => old.terminate())
  await once(old, 'open')

  const chunked = { 'transfer-encoding': 'chunked' }
  const long = {
    page: ask(proxy.port, '/waiting'),
    body: ask(proxy.port, '/waiting', { method: 'POST' }, 'a body'),
    upload: ask(proxy.port, '/waiting', { method: 'POST', headers: chunked }, 'a body'),
    largeUpload: ask(proxy.port, '/waiting', { method: 'PUT' }, 'a body'.repeat(100_000)),
    nothing: ask(proxy.port, '/waiting', { method: 'DELETE' }),
  }
  const slow = {
    nothing: await RawConnection.open(proxy.port),
    headers: await RawConnection.open(proxy.port, 'GET / HTTP/1.1\r\nHost: localhost\r\nA'),
    body: await RawConnection.open(
      proxy.port,
      'POST /waiting HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab',
    ),
    upload: await RawConnection.open(
      proxy.port,
      'POST /waiting HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
    ),
  }
  for (const [what, connection] of Object.entries(slow)) {
    await eventually(() => connection.isClosed, `slow ${what}`)
    t.equal(connection.status, what === 'nothing' ? undefined : 408, what)
  }
  for (const [what, answer] of Object.entries(long)) {
    t.equal((await answer).body, 'late', `an answer may take as long as it needs: ${what}`)
  }
  old.send('still here')
  t.equal(String((await once(old, 'message'))[0]), 'still here', 'and so may a websocket')
})

t.test('an answer that begins before its upload is complete may take as long as any other', async (t) => {
  const proxy = await ProxyProcess.start(['--request-timeout', '2'])
  t.teardown(() => proxy.stop())
  const steady = await Backend.start('steady', (request, response) => {
    const timer = setInterval(() => response.write('.'), 300)
    setTimeout(() => response.end('the end'), 4_000)
    response.on('close', () => clearInterval(timer))
    request.resume()
  })
  t.teardown(() => steady.stop())
  await proxy.route('/', steady.url)
  const head = 'PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
  const upload = await RawConnection.open(proxy.port, `${head}2\r\nab\r\n`)
  t.teardown(() => upload.end())
  await upload.answered()
  t.equal(upload.status, 200)
  upload.socket.write('0\r\n\r\n')
  await eventually(() => upload.received.includes('the end') || upload.isClosed, 'the answer ends')
  t.match(upload.received, 'the end')
})
