import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { exchange, RawBackend } from '../support/raw.js'

for (const flag of ['--timeout', '--proxy-timeout']) {
  t.test(`${flag} ends what makes no progress, and nothing else`, async (t) => {
    const silent = await RawBackend.start()
    silent.reply = ''
    const slow = await Backend.start('slow', async (_incoming, response) => {
      // Longer than the timeout as a whole, but never idle for as long.
      for (let part = 0; part < 8; part += 1) {
        response.write('part')
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      response.end()
    })
    const proxy = await ProxyProcess.start([flag, '500'])
    t.teardown(() => Promise.all([proxy.stop(), silent.stop(), slow.stop()]))
    await proxy.route('/silent', silent.url)
    await proxy.route('/slow', slow.url)
    const websocket = new WebSocket(`ws://127.0.0.1:${proxy.port}/slow`)
    await once(websocket, 'open')

    t.equal((await ask(proxy.port, '/silent')).status, 503, 'a backend that says nothing')
    t.equal((await ask(proxy.port, '/slow')).body, 'part'.repeat(8))
    const stalled = 'POST /silent HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc'
    t.match(await exchange(proxy.port, stalled), /^HTTP\/1\.1 408 /, 'a client that stops within its request')
    websocket.send('still here')
    t.equal(String((await once(websocket, 'message'))[0]), 'still here', 'an idle websocket stays')
    websocket.terminate()
  })
}

t.test('--keep-alive-timeout closes connections without a request', async (t) => {
  const backend = await Backend.start('a')
  const proxy = await ProxyProcess.start(['--keep-alive-timeout', '200', '--default-target', backend.url])
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  const socket = connect(proxy.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.resume().write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'close')
  t.pass('by the proxy')
})
