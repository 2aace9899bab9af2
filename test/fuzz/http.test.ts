import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { backendOf } from '../support/http.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { mutated } from './mutation.js'

const ANSWER_LIMIT_MS = 15_000
const WHOLE_MS = 300
const AT_A_TIME = 20
const RUNS = 25

const proxy = await ProxyProcess.start()
const backend = await Backend.start('a')
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
await proxy.route('/healthy', backend.url)

const method = fc.oneof(
  { weight: 4, arbitrary: fc.constant('POST') },
  { weight: 2, arbitrary: fc.constantFrom('GET', 'DELETE') },
  { weight: 1, arbitrary: fc.constantFrom('PUT', 'HEAD', 'PATCH', 'OPTIONS', 'TRACE', 'BREW') },
)
const piece = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .string({ unit: 'binary', maxLength: 12 })
      .map((text) => encodeURIComponent(Buffer.from(text).toString())),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('..', '.', '%2F', '%2e%2e', '%', '%zz', '', '@', ';a=b', '__proto__', '%00', '%ff'),
  },
)
const path = fc.oneof(
  { weight: 4, arbitrary: fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join('/')}`) },
  // So that some are there when they are asked for or deleted.
  { weight: 1, arbitrary: fc.constantFrom('/a', '/b') },
)
const query = fc.oneof(
  fc.constant(''),
  fc.constantFrom('?inactiveSince=', '?inactive_since=2020', '?a=%'),
  piece.map((text) => `?inactiveSince=${text}`),
)
const target = fc.oneof(
  fc.constant(backend.url),
  fc.constantFrom(
    '',
    'http://',
    'http://[',
    'ftp://a',
    'http://127.0.0.1:0',
    'http+unix://%2Ftmp%2Fno.sock',
    'https://127.0.0.1:1/a/',
    'javascript:1',
  ),
  // Not by name: a POST that waits for name servers would add its route in the midst of another test.
  fc.webUrl({ withQueryParameters: true }).map((url) => url.replace(/^(https?:\/\/)[^/?#]*/, '$1127.0.0.1:1')),
  fc.string({ maxLength: 20 }),
)
const body = fc.oneof(
  fc.record({ target, data: fc.jsonValue() }).map((value) => JSON.stringify(value)),
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
/** A request, as its bytes. */
const request = (token: fc.Arbitrary<string>, prefix: string) =>
  fc.record({ method, path, query, body, token }).map((parts) => {
    const content = Buffer.from(parts.body)
    const head = [
      `${parts.method} ${prefix}${parts.path}${parts.query} HTTP/1.1`,
      'Host: hub.example.org',
      `Authorization: token ${parts.token}`,
      `Content-Length: ${content.length}`,
      'Connection: close',
    ]
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), content])
  })

const ofApi = request(fc.constant(TOKEN), '/api/routes')
const ofUser = request(fc.string({ maxLength: 5 }), '/healthy')

/** All statuses that were answered to some bytes, until the other side had enough; fails if that takes too long. */
async function statusesOf(port: number, bytes: Buffer): Promise<number[]> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  // A reset is an answer too.
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  socket.write(bytes)
  // What is not a whole request gets no answer: then it is the end of what comes that the other side must notice.
  const whole = await Promise.race([closed, delay(WHOLE_MS, false)])
  if (whole === false) socket.end()
  const late = setTimeout(() => socket.destroy(new Error('late')), ANSWER_LIMIT_MS)
  await closed
  clearTimeout(late)
  if (socket.errored?.message === 'late') throw new Error('the connection is held')
  const answer = Buffer.concat(chunks).toString('latin1')
  return [...answer.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status))
}

/** Whether old and new routes work; removes whatever other routes the input has made. */
async function stillServes(): Promise<boolean> {
  const healthy = (await backendOf(proxy.port, '/healthy')) === 'a'
  const added = await proxy.api('POST', '/after', { target: backend.url })
  const works = healthy && added.status === 201 && (await backendOf(proxy.port, '/after/x')) === 'a'
  const routespecs = Object.keys((await (await proxy.api('GET', '')).json()) as object)
  for (const routespec of routespecs) {
    if (routespec === '/healthy') continue
    const removed = await proxy.api('DELETE', routespec.split('/').map(encodeURIComponent).join('/'))
    if (removed.status !== 204) throw new Error(`DELETE ${routespec}: ${removed.status}`)
  }
  return works
}

for (const { name, port, bytes, wanted } of [
  { name: 'the REST API, by one who has the token', port: proxy.apiPort, bytes: ofApi, wanted: [200, 201, 204, 400] },
  { name: 'the REST API, damaged', port: proxy.apiPort, bytes: mutated(ofApi), wanted: [400] },
  { name: 'the public port', port: proxy.port, bytes: ofUser, wanted: [200] },
  { name: 'the public port, damaged', port: proxy.port, bytes: mutated(ofUser), wanted: [200, 400] },
]) {
  t.test(`no request to ${name}, is answered 5xx, held or fatal`, async (t) => {
    const seen = new Map<number | string, number>()
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: AT_A_TIME, maxLength: AT_A_TIME }), async (inputs) => {
        const answers = await Promise.all(inputs.map((input) => statusesOf(port, input)))
        for (const answer of answers.flatMap(
          (statuses): Array<number | string> => (statuses.length > 0 ? statuses : ['closed']),
        )) {
          seen.set(answer, (seen.get(answer) ?? 0) + 1)
        }
        return answers.flat().every((status) => status < 500)
      }),
      { numRuns: RUNS },
    )
    t.comment(`${RUNS * AT_A_TIME} inputs: ${[...seen].map(([status, count]) => `${count} x ${status}`).join(', ')}`)
    for (const status of wanted) t.ok(seen.has(status), `some were answered ${status}`)
    t.ok(await stillServes(), 'it serves as before')
    t.equal(proxy.child.exitCode, null)
    t.notMatch(proxy.output, / error: /, 'and nothing went wrong inside')
  })
}
