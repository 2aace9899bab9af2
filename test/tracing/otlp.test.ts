import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { ask, askAll } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import { spansOf } from './spans.js'

/** What came, by span, and as it came. */
const spans: Array<Record<string, string>> = []
let raw = ''
let mode: 'take' | 'hang' | 'refuse' = 'take'
const takes = async (request: IncomingMessage) => {
  const body = await buffer(request)
  raw += body.toString('latin1')
  spans.push(...spansOf(body))
}
const collector = await Backend.start('collector', (request, response) => {
  if (mode === 'hang') return
  if (mode === 'refuse') return void response.writeHead(500).end('x'.repeat(100_000))
  void takes(request).then(() => response.end())
})
const backend = await Backend.start('backend')
const proxy = await ProxyProcess.start([
  ...['--otlp-endpoint', collector.url, '--otlp-sampling', '100', '--workers', '1'],
])
t.teardown(() => Promise.all([proxy.stop(), backend.stop(), collector.stop()]))
await proxy.route('/user/alice', backend.url, { user: 'alice', server_name: 'lab' })

t.test('a request is a span, with the names of its route and without secrets', async (t) => {
  const headers = { cookie: 'a=SECRET', authorization: 'token SECRET', 'content-type': 'application/grpc' }
  await ask(proxy.port, '/user/alice/lab?token=SECRET', { headers })
  await ask(proxy.port, '/user/alice/lab?token=SECRET')
  await eventually(() => spans.length >= 2, 'spans came')
  for (const span of spans) {
    t.match(span, {
      'service.name': 'configurable-envoy-proxy',
      'http.method': 'GET',
      'http.status_code': '200',
      'jupyterhub.user': 'alice',
      'jupyterhub.server': 'lab',
      'jupyterhub.route': '/user/alice',
    })
  }
  t.notMatch(raw, 'SECRET')
})

t.test('no request waits for a collector that hangs, fails or is gone', async (t) => {
  for (const next of ['hang', 'refuse', 'gone'] as const) {
    if (next === 'gone') await collector.stop()
    else mode = next
    const answers = await askAll(
      proxy.port,
      Array.from({ length: 200 }, (_, n) => `/user/alice/${next}/${n}`),
    )
    t.ok(
      answers.every(({ status }) => status === 200),
      next,
    )
  }
  await proxy.route('/user/late', backend.url)
  const lines = proxy.output.split('\n').length
  t.ok(lines < 50, `the log has ${lines} lines`)
})
