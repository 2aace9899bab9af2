import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Test } from 'tap'
import t from 'tap'
import { Browser } from '../../src/rehearse/users/browser.js'
import { PlayedSite } from '../../src/rehearse/users/played-site.js'
import type { Traffic } from '../../src/rehearse/wire/connection.js'
import { eventually } from '../support/wait.js'

const GET = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

async function serve(t: Test, onRequest: (socket: Socket, count: number) => void): Promise<Server> {
  const open = new Set<Socket>()
  let count = 0
  const server = createServer((socket) => {
    open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)))
    socket.on('data', () => {
      count += 1
      onRequest(socket, count)
    })
  })
  t.teardown(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

function browse(t: Test, server: Server): { browser: Browser; traffic: Traffic } {
  const traffic = { open: 0, received: 0, sent: 0 }
  const { port } = server.address() as AddressInfo
  const origin = { address: '127.0.0.1', port, host: 'x', isTls: false, takesAnyCertificate: false }
  const browser = new Browser(origin, undefined, traffic)
  t.teardown(() => browser.close(false))
  return { browser, traffic }
}

t.test('a response is whole, and its connection is used again', async (t) => {
  const { browser, traffic } = browse(t, await serve(t, (socket) => socket.write(ANSWER)))
  const first = await browser.fetch(GET, { keepsBody: true })
  t.match(first, { status: 200, body: 'ok', failure: undefined })
  await browser.fetch(GET)
  t.strictSame(traffic, { open: 1, received: 2 * ANSWER.length, sent: 2 * GET.length })
})

t.test('a browser has six connections at most, and the others wait for their turn', async (t) => {
  const sockets = new Set<Socket>()
  const server = await serve(t, (socket, count) => {
    sockets.add(socket)
    // The first six are answered when all have come, so that none is free before.
    if (count >= 6) for (const one of count === 6 ? sockets : [socket]) one.write(ANSWER)
  })
  const { browser, traffic } = browse(t, server)
  const all = await Promise.all(Array.from({ length: 40 }, () => browser.fetch(GET)))
  t.ok(all.every(({ status }) => status === 200))
  t.equal(sockets.size, 6)
  t.equal(traffic.open, 6)
})

t.test('what goes wrong has its name', async (t) => {
  const kinds: Array<[kind: string, onRequest: (socket: Socket) => void]> = [
    ['reset', (socket) => socket.resetAndDestroy()],
    ['reset', (socket) => socket.end()],
    ['cut off', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nbegin')],
    ['not HTTP', (socket) => socket.end('220 mail.example.org ESMTP\r\n\r\n')],
  ]
  for (const [kind, onRequest] of kinds) {
    const { browser, traffic } = browse(t, await serve(t, onRequest))
    t.match(await browser.fetch(GET), { status: 0, failure: kind })
    t.equal(traffic.open, 0)
  }
  const closed = await serve(t, () => {})
  const { browser } = browse(t, closed)
  await new Promise((resolve) => closed.close(resolve))
  t.match(await browser.fetch(GET), { failure: 'refused' })
})

t.test('what has no answer in time has failed, whether it was sent or waited for its turn', async (t) => {
  const { browser, traffic } = browse(t, await serve(t, () => {}))
  const all = Array.from({ length: 8 }, () => browser.fetch(GET, { timeoutMs: 1_000 }))
  browser.sweep(performance.now() + 900)
  t.equal(traffic.open, 6, 'it has time')
  browser.sweep(performance.now() + 1_100)
  for (const outcome of await Promise.all(all)) t.match(outcome, { failure: 'timeout' })
})

t.test('a request that meets the end of a kept connection is sent again, once', async (t) => {
  const server = await serve(t, (socket, count) => {
    if (count === 1) socket.write(ANSWER)
    else if (count === 2) socket.destroy()
    else socket.write(ANSWER)
  })
  const { browser } = browse(t, server)
  await browser.fetch(GET)
  t.match(await browser.fetch(GET), { status: 200, failure: undefined })

  const worse = browse(
    t,
    await serve(t, (socket, count) => void (count === 1 ? socket.write(ANSWER) : socket.destroy())),
  )
  await worse.browser.fetch(GET)
  t.match(await worse.browser.fetch(GET), { failure: 'reset' })
})

t.test('a kept connection that the server closes is gone, without a failure', async (t) => {
  const { browser, traffic } = browse(t, await serve(t, (socket) => socket.end(ANSWER)))
  t.match(await browser.fetch(GET), { status: 200 })
  await eventually(() => traffic.open === 0, 'it is closed')
  t.match(await browser.fetch(GET), { status: 200 })
})

t.test("another user's server is noticed by what it says of itself", async (t) => {
  const site = new PlayedSite(['ana', 'ben'])
  const outcome = (from: string) => ({
    status: 200,
    body: '',
    failure: undefined,
    head: `HTTP/1.1 200 OK\r\nx-served-by: ${from}`,
  })
  t.notOk(site.isMisled(0, '/user/ana/api', outcome('ana')))
  t.ok(site.isMisled(0, '/user/ana/api', outcome('ben')))
  t.ok(site.isMisled(0, '/user/ana/api', outcome('hub')))
  t.notOk(site.isMisled(0, '/hub/login', outcome('hub')))
  t.ok(site.isMisled(0, '/hub/login', outcome('ana')))
})
