import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import type { Test } from 'tap'
import t from 'tap'
import { admin } from '../support/admin.js'
import { Backend } from '../support/backend.js'
import { ChpProcess } from '../support/chp.js'
import { backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { exchange } from '../support/raw.js'
import { eventually } from '../support/wait.js'

const HANDSHAKE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n'

async function rounds(proxy: ProxyProcess): Promise<number> {
  return Number(/: (\d+)/.exec(await admin(proxy, '/stats?filter=http.public.downstream_rq_total'))?.[1])
}

/** Leads to the proxy by an address that it can't know. */
async function detour(t: Test, port: number): Promise<string> {
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1')
    for (const one of [socket, onward]) one.on('error', () => {})
    socket.pipe(onward).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

for (const args of [[], ['--no-x-forward'], ['--custom-header', 'X-Forwarded-Proto: https']]) {
  t.test(`a request that a target leads back to us ends after a few rounds ${args.join(' ')}`, async (t) => {
    const proxy = await ProxyProcess.start(args)
    t.teardown(() => proxy.stop())
    await proxy.route('/loop', `${await detour(t, proxy.port)}/loop`)
    const bodies = ['Connection: close\r\n\r\n', `${HANDSHAKE}\r\n`]
    for (const [index, rest] of bodies.entries()) {
      const answer = await exchange(proxy.port, `GET /loop HTTP/1.1\r\nHost: hub\r\n${rest}`)
      t.match(answer, /^HTTP\/1\.1 508 /)
      t.ok((await rounds(proxy)) <= 11 * (index + 1), `${await rounds(proxy)} rounds`)
    }
    const post = 'POST /loop HTTP/1.1\r\nHost: hub\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody'
    t.match(await exchange(proxy.port, post), /^HTTP\/1\.1 508 /)
    t.ok((await rounds(proxy)) <= 33)
    const says = () => /error: 508 GET \/loop.* the target leads back to this proxy/.test(proxy.output)
    await eventually(says, 'the log says what it is')
  })
}

t.test('a loop through another proxy ends too', async (t) => {
  const [proxy, chp] = await Promise.all([ProxyProcess.start(), ChpProcess.start([])])
  t.teardown(() => Promise.all([proxy.stop(), chp.stop()]))
  await proxy.route('/loop', `http://127.0.0.1:${chp.port}`)
  await chp.api('POST', '/loop', { target: proxy.url })
  t.match(
    await exchange(proxy.port, 'GET /loop HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 508 /,
  )
  t.ok((await rounds(proxy)) <= 10)
})

t.test('nine proxies in front are no loop', async (t) => {
  const backend = await Backend.start('a')
  const proxy = await ProxyProcess.start(['--default-target', backend.url])
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  const headers = { 'x-forwarded-proto': `https,${Array(9).fill('http').join()}` }
  t.equal(await backendOf(proxy.port, '/x', { headers }), 'a')
})
