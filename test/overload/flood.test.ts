import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import type { RequestOptions } from 'node:https'
import { request as requestByTls } from 'node:https'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { WebSocket } from 'ws'
import { admin } from '../support/admin.js'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import type { Flood } from '../support/flood.js'
import { floodOfConnections, floodOfStreams } from '../support/flood.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { upgradeRequest } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

/** What a route may have under way by default, and more than that. */
const LIMIT = 2_000
const MANY = 2_500

/** The same number in connections of HTTP/2. */
const STREAMS = { connections: MANY / 100, streams: 100 }

/** Bodies that a client announces. */
const SMALL = 10
const LARGE = 1_000_000

const authority = await Authority.make()
const { keyFile, certFile } = await authority.issue()
const { cert: ca } = authority
// Reads a request to its end, as a hub does.
const read: RequestListener = (request, response) => void request.resume().on('end', () => response.end('a page'))
const [hub, alice] = await Promise.all([Backend.start('hub', read), Backend.start('alice')])
const plain = await ProxyProcess.start(['--default-target', hub.url])
const secure = await ProxyProcess.start(['--default-target', hub.url, '--ssl-key', keyFile, '--ssl-cert', certFile])
t.teardown(() => Promise.all([plain.stop(), secure.stop(), hub.stop(), alice.stop(), authority.remove()]))
await plain.route('/user/alice', alice.url)

const url = `http://127.0.0.1:${plain.port}`
const secureUrl = `https://localhost:${secure.port}`
const login = { ':method': 'POST', ':path': '/hub/login' }
const upload = { ...login, 'content-length': LARGE }
const post = (header: string) => `POST /hub/login HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`

interface Case {
  readonly name: string
  readonly start: () => Promise<Flood>
  /** How many of {@link MANY} are refused; the others are all held. */
  readonly refused: number
  /** Whether more may be refused, so that others find room. */
  readonly orMore?: true
  /** Whether there is no room for the uploads of others: each of as many clients holds one. */
  readonly takesAllUploads?: true
  /** Whether they end while others go on. */
  readonly endsSoon?: true
  readonly through?: ProxyProcess
}

const cases: Case[] = [
  {
    name: 'small bodies that never come, over HTTP/2',
    start: () => floodOfStreams({ url, ...STREAMS, headers: { ...login, 'content-length': SMALL } }),
    refused: 0,
  },
  {
    name: 'the same with TLS',
    start: () => floodOfStreams({ url: secureUrl, ca, ...STREAMS, headers: { ...login, 'content-length': SMALL } }),
    refused: 0,
    through: secure,
  },
  {
    name: 'GET requests over HTTP/2 that never end',
    start: () => floodOfStreams({ url, ...STREAMS, headers: { ':method': 'GET', ':path': '/hub/login' } }),
    refused: 0,
    endsSoon: true,
  },
  {
    name: 'uploads over HTTP/2 that stall',
    start: () => floodOfStreams({ url, ...STREAMS, headers: upload, body: Buffer.alloc(10) }),
    refused: MANY - LIMIT,
    orMore: true,
  },
  {
    name: 'small bodies over HTTP/1.1 that never come',
    start: () => floodOfConnections(plain.port, MANY, post(`Content-Length: ${SMALL}`)),
    refused: 0,
  },
  {
    name: 'slow bodies over HTTP/1.1',
    start: () => floodOfConnections(plain.port, MANY, post('Transfer-Encoding: chunked'), { trickle: '1\r\na\r\n' }),
    refused: MANY - LIMIT,
    takesAllUploads: true,
  },
  {
    name: "websockets to one user's server",
    start: () => floodOfConnections(plain.port, MANY, upgradeRequest('/user/alice/')),
    refused: MANY - LIMIT,
  },
]

for (const flooding of cases) {
  const { refused: least, orMore, takesAllUploads, endsSoon, through = plain } = flooding
  t.test(flooding.name, async (t) => {
    const before = await visits(through, !takesAllUploads)
    const flood = await flooding.start()
    t.teardown(() => flood.stop())
    const refused = () => flood.answered(503)
    const ended = () => flood.answered(408)
    const held = async () => (await underWay(through)) + ended() >= MANY - refused()
    await eventually(() => (orMore ? refused() > least : refused() === least), `${least} are refused`)
    await eventually(held, 'the others are all under way')
    const during = await visits(through, !takesAllUploads)
    if (endsSoon) await eventually(() => ended() === MANY, 'they end soon')
    else t.equal(ended(), 0, 'none of them ends')
    t.ok(await held(), 'and stay so')
    if (orMore) t.ok(refused() < MANY / 2, `most of them, for ${refused()} are refused`)
    else t.equal(refused(), least, 'no more of them are refused')
    t.strictSame(during.failures, [], 'all of another user are served')
    t.comment(`99 % within ${before.p99.toFixed(1)} ms before, ${during.p99.toFixed(1)} ms during it`)
    t.ok(during.p99 < 10 * Math.max(before.p99, 100), 'about as soon as without it')
  })
}

/** How many requests the proxy's Envoy has that aren't answered. */
async function underWay(proxy: ProxyProcess): Promise<number> {
  const stat = 'http.public.downstream_rq_active'
  return Number((await admin(proxy, `/stats?filter=^${stat}$`)).split(': ')[1])
}

interface Visits {
  /** In milliseconds. */
  readonly p99: number
  readonly failures: readonly unknown[]
}

/** Has a user do what users do at the hub, one thing after another. */
async function visits(proxy: ProxyProcess, uploads: boolean): Promise<Visits> {
  const took: number[] = []
  const failures: unknown[] = []
  const path = '/hub/login'
  const deeds = [
    () => statusOf(proxy, { path }),
    () => statusOf(proxy, { path, method: 'POST' }, 'username=bob&password=secret'),
    () => statusOf(proxy, { path, method: 'DELETE' }),
    () => handshake(proxy, path),
    ...(uploads ? [() => statusOf(proxy, { path, method: 'PUT' }, 'a'.repeat(100_000))] : []),
  ]
  for (let turn = 0; turn < 200; turn += 1) {
    const begin = performance.now()
    const status = await deeds[turn % deeds.length]?.().catch((error: Error) => error.message)
    took.push(performance.now() - begin)
    if (status !== 200) failures.push(status)
  }
  const [p99 = 0] = took.sort((one, other) => one - other).slice(Math.floor(took.length * 0.99) - 1)
  return { p99, failures }
}

async function statusOf(proxy: ProxyProcess, options: RequestOptions, body?: string): Promise<number | undefined> {
  if (proxy === plain) return (await ask(proxy.port, options.path ?? '', options, body)).status
  const call = requestByTls({ host: 'localhost', port: proxy.port, ca, agent: false, ...options }).end(body)
  const [response] = await once(call, 'response')
  await buffer(response)
  return response.statusCode
}

async function handshake(proxy: ProxyProcess, path: string): Promise<number> {
  const base = proxy === plain ? url.replace('http', 'ws') : secureUrl.replace('http', 'ws')
  const socket = new WebSocket(`${base}${path}`, { ca })
  await once(socket, 'open')
  socket.terminate()
  return 200
}
