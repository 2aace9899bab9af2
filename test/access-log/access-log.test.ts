import { EventEmitter, once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { temporaryDirectory } from '../support/directory.js'
import { ask } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { exchange } from '../support/raw.js'
import { eventually } from '../support/wait.js'

/** Part of whatever nobody may read in a log. */
const SECRET = 'sEcReT'

const file = join(await temporaryDirectory(t), 'access.log')
/** Told of requests that get no answer. */
const asked = new EventEmitter()
const [dead = 0] = await freePorts(1)
const proxy = await ProxyProcess.start(['--access-log', file, '--access-log-query', 'names', '--workers', '1'])
const backend = await Backend.start('backend', (incoming, response) => {
  if (incoming.url?.includes('never')) return void asked.emit('never')
  incoming.resume().on('end', () => response.end('twelve bytes'))
})
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
await proxy.route('/user/alice/lab', backend.url, { user: 'alice', server_name: 'lab', jupyterhub: true })
await proxy.route('/user/bob', `http://127.0.0.1:${dead}`, { user: 'bob"\\\n', server_name: '' })
const pages: string[] = []

type Line = Readonly<Record<string, unknown>>

function lines(): Line[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

/** The line of the request with this path. */
async function lineOf(path: string): Promise<Line> {
  let found: Line | undefined
  await eventually(() => {
    found = lines().find((line) => line.path === path)
    return found !== undefined
  }, `a line of ${path}`)
  return found ?? {}
}

/** An ordinary request with secrets wherever it may have some. */
async function askWithSecrets(path: string, options: object = {}, body?: string): Promise<number> {
  const answer = await ask(
    proxy.port,
    `${path}?token=${SECRET}&redirects=1&${SECRET}&next=/hub?code=${SECRET}`,
    {
      headers: {
        cookie: `_xsrf=${SECRET}`,
        authorization: `token ${SECRET}`,
        'sec-websocket-protocol': SECRET,
        referer: `http://x/?token=${SECRET}`,
      },
      ...options,
    },
    body,
  )
  pages.push(answer.body)
  return answer.status
}

t.test('a request is a line with what the hub posted for its route', async (t) => {
  await askWithSecrets('/user/alice/lab/tree', { method: 'PUT' }, 'seven b')
  const { time, duration_ms, upstream_ms, ...line } = await lineOf('/user/alice/lab/tree')
  t.strictSame(line, {
    client: '127.0.0.1',
    forwarded_for: '127.0.0.1',
    method: 'PUT',
    query: 'token=&redirects=&&next=',
    path: '/user/alice/lab/tree',
    websocket: false,
    status: 200,
    bytes_received: 7,
    bytes_sent: 12,
    route: '/user/alice/lab',
    user: 'alice',
    server: 'lab',
    request_id: null,
    flags: '-',
  })
  t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.type(duration_ms, 'number')
  t.type(upstream_ms, 'number')
})

t.test('a failed request says why, in the words of the log', async (t) => {
  await askWithSecrets('/user/bob/lab')
  t.match(await lineOf('/user/bob/lab'), {
    status: 503,
    failure: 'unreachable',
    reason: 'connection refused, nothing listens there',
    flags: /UpstreamConnectionFailure/,
    route: '/user/bob',
    user: 'bob___',
    server: '-',
  })
  await askWithSecrets('/nowhere')
  t.match(await lineOf('/nowhere'), { status: 404, failure: 'no_route', reason: 'no route matches', route: '-' })
  await ask(proxy.port, '/user/alice/lab/big', { headers: { cookie: SECRET.repeat(11_000) } })
  t.match(await lineOf('/user/alice/lab/big'), { status: 431, failure: 'headers_too_large' })
})

t.test('a client that goes has a line too', async (t) => {
  const client = request({ port: proxy.port, host: '127.0.0.1', path: '/user/alice/lab/never' }).on('error', () => {})
  const arrived = once(asked, 'never')
  client.end()
  await arrived
  client.destroy()
  t.match(await lineOf('/user/alice/lab/never'), { status: 0, flags: 'DownstreamConnectionTermination' })
})

t.test('a websocket is one line, at its end', async (t) => {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/user/alice/lab/api/kernels?token=${SECRET}`)
  await once(socket, 'open')
  socket.send('ping')
  await once(socket, 'message')
  socket.close()
  const line = await lineOf('/user/alice/lab/api/kernels')
  t.match(line, { websocket: true, status: 101, query: 'token=', user: 'alice' })
  t.ok(Number(line.bytes_received) > 0 && Number(line.bytes_sent) > 0, 'with its bytes both ways')
})

t.test('no path that a client chooses makes more of a line, or another one', async (t) => {
  const get = (path: string) => exchange(proxy.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  await get(`/user/alice/lab/"},{"status":200?a="${SECRET}`)
  await get(`/user/alice/lab/R&D=x?a=1?b=${SECRET}&a%3D${SECRET}&=${SECRET}`)
  t.equal((await lineOf('/user/alice/lab/R&D=x')).query, 'a=&&=')
  await get(`/user/alice/lab/long/${'y'.repeat(20_000)}?token=${SECRET}`)
  await get(`/user/alice/lab/many?${'&'.repeat(50_000)}token=${SECRET}`)
  await lineOf('/user/alice/lab/many')
  const session = connectHttp2(`http://127.0.0.1:${proxy.port}`)
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': `/h2\u009b31m?\u009b=${SECRET}` }).on('error', () => {})
  stream.resume()
  await once(stream, 'close')
  await lineOf('/h2\u009b31m')
  for (const line of readFileSync(file, 'latin1').split('\n')) t.ok(line.length < 3_000, `${line.length} bytes`)
})

t.test('each request has one line, and probes of the health check have none', async (t) => {
  await ask(proxy.port, '/_chp_healthz')
  await ask(proxy.port, '/user/alice/lab/after')
  await lineOf('/user/alice/lab/after')
  const paths = lines().map(({ path }) => path)
  t.equal(new Set(paths).size, paths.length)
  t.notOk(paths.includes('/_chp_healthz'))
})

t.test('the file is private, and SIGUSR1 begins a new one after it has been renamed', async (t) => {
  t.equal(statSync(file).mode & 0o777, 0o600)
  await rename(file, `${file}.1`)
  proxy.child.kill('SIGUSR1')
  await eventually(() => proxy.output.includes('is opened again'), 'it is said')
  let count = 0
  await eventually(async () => {
    count += 1
    await ask(proxy.port, `/user/alice/lab/rotated/${count}`)
    return statSync(file).size > 0
  }, 'requests are in the new file')
  t.equal(statSync(file).mode & 0o777, 0o600)
})

t.test('no log and no error page has a secret', async (t) => {
  const logs = { 'rotated log': readFileSync(`${file}.1`), log: readFileSync(file), output: proxy.output }
  for (const [name, text] of Object.entries({ ...logs, pages: pages.join() })) {
    t.ok(text.length > 0, `${name} is not empty`)
    t.notOk(text.includes(SECRET), `${name}: what a client sent`)
    t.notOk(text.includes(TOKEN), `${name}: the token`)
  }
})
