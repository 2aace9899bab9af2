import { EventEmitter, once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import { promisify } from 'node:util'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { pino } from 'pino'
import t from 'tap'
import { hostOf, isMember } from '../../src/fleet/streams/identity.js'
import type { LinksOptions } from '../../src/fleet/streams/links.js'
import { Links } from '../../src/fleet/streams/links.js'
import { MEMBERS_SERVICE } from '../../src/fleet/streams/messages.js'
import type { Clock } from '../../src/platform/clock.js'
import { SYSTEM_CLOCK } from '../../src/platform/clock.js'
import { Authority } from '../support/certificate.js'
import { freePorts } from '../support/ports.js'
import { eventually } from '../support/wait.js'

/** On which all waits take a tenth. */
const QUICK: Clock = {
  now: () => 10 * performance.now(),
  after: (ms, callback) => SYSTEM_CLOCK.after(ms / 10, callback),
}

/** Links whose log is kept, on the quick clock. */
function makeLinks(t: { teardown(fn: () => unknown): unknown }, more: Partial<LinksOptions> = {}) {
  const lines: string[] = []
  const links = new Links({
    ...{ tls: undefined, clock: QUICK, addressOf: async () => undefined },
    ...{ onMessage: () => {}, onUp: () => {}, onEnded: () => {}, ...more },
    log: pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line).msg) }),
  })
  t.teardown(() => links.close())
  return { links, lines }
}

t.test('a member with an address that leads nowhere is not connected to, and the log names it', async (t) => {
  const { links, lines } = makeLinks(t)
  const bad = ['', 'host', 'host:', ':1', 'unix:/run/x', 'dns://a/b:1', 'a:1\nb:2', '[::1:1']
  for (const [index, address] of bad.entries()) links.connect({ id: `m${index}`, address, joined: 0n })
  t.strictSame(lines.length, bad.length)
  t.match(lines[0], /^The control plane m0 can't be reached: its address is "", not host:port$/)
  for (const [address, host] of Object.entries({
    'a.b-c:1': 'a.b-c',
    '10.0.0.1:18000': '10.0.0.1',
    '[::1]:1': '::1',
  })) {
    t.equal(hostOf(address), host)
  }
})

t.test('a stream that has ended before it is known whose it is is not one of a member', async (t) => {
  const up: string[] = []
  const { links } = makeLinks(t, { onUp: (id) => up.push(id) })
  links.begin('me')
  const written: unknown[] = []
  const open = () =>
    Object.assign(new EventEmitter(), {
      cancelled: false,
      getAuthContext: () => ({}),
      write: (message: unknown) => written.push(message),
      end: () => {},
    })
  const hello = (call: EventEmitter, id: string) => call.emit('data', { hello: { id, to: 'me' } })
  const [gone, here] = [open(), open()]
  const Talk = links.service.handlers.Talk as unknown as (call: EventEmitter) => void
  for (const call of [gone, here]) Talk(call)
  hello(gone, 'gone')
  gone.cancelled = true
  gone.emit('cancelled')
  hello(here, 'here')
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(up, ['here'])
  links.send('gone', { activity: [] })
  t.strictSame(written, [{ hello: { id: 'me', to: 'here' } }])
})

t.test('that nobody listens where nobody ever did does not mean that a process has ended', async (t) => {
  const [port = 0] = await freePorts(1)
  const told: string[] = []
  const { links, lines } = makeLinks(t, {
    onUp: (id) => told.push(`${id} is up`),
    onEnded: (id) => told.push(`${id} has ended`),
  })
  const { links: other } = makeLinks(t)
  links.begin('me')
  other.begin('it')
  links.connect({ id: 'it', address: `127.0.0.1:${port}`, joined: 0n })
  await eventually(() => lines.length > 0, 'it has yet to open its port')
  t.match(lines, [/^The control plane at \S+ can't be reached, will retry: connect ECONNREFUSED 127.0.0.1:\d+$/])
  const server = new Server()
  server.addService(MEMBERS_SERVICE, other.service.handlers)
  await promisify(server.bindAsync.bind(server))(`127.0.0.1:${port}`, ServerCredentials.createInsecure())
  await eventually(() => told.length > 0, 'it has opened its port')
  t.strictSame(told, ['it is up'])
  server.forceShutdown()
  await eventually(() => told.length > 1, 'its process has ended')
  t.equal(told[1], 'it has ended')
})

t.test('a member that takes connections and says nothing is named as one that gives no answer', async (t) => {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {}).once('close', () => open.delete(socket))
    socket.resume()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { links, lines } = makeLinks(t)
  links.connect({ id: 'it', address: `127.0.0.1:${(server.address() as AddressInfo).port}`, joined: 0n })
  await eventually(() => lines.length > 0, 'it is logged')
  t.match(lines, [/can't be reached, will retry: no answer within 1 s$/])
  links.close()
  await eventually(() => open.size === 0, 'and all connections to it are closed')
})

t.test('one without a certificate is told that a member wants it', async (t) => {
  const server = createServer((socket) => socket.once('data', () => socket.end()).on('error', () => {}))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { links, lines } = makeLinks(t)
  links.connect({ id: 'it', address: `127.0.0.1:${(server.address() as AddressInfo).port}`, joined: 0n })
  await eventually(() => lines.length > 0, 'it is logged')
  t.match(lines, [
    /can't be reached, will retry: it closes the connection, as one does that wants TLS: .* --xds-ssl-key/,
  ])
})

t.test('the name of a member inside of another name makes no member', async (t) => {
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const { cert } = await authority.issue({ names: 'DNS:proxy-xds,IP:10.0.0.1' })
  const shows = (subjectaltname: string) =>
    isMember({ subject: { CN: 'x' }, subjectaltname } as PeerCertificate, cert, undefined)
  t.equal(shows('DNS:other, DNS:proxy-xds'), true)
  t.equal(shows('IP Address:10.0.0.1'), true)
  t.equal(shows('DNS:envoy-1'), false)
  t.equal(shows('DNS:"x, DNS:proxy-xds, y"'), false)
})
