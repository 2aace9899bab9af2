import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import protobuf from 'protobufjs'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { ask, askAll } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

/** The part of OTLP that is looked at. */
const ExportRequest = protobuf
  .parse(`syntax = "proto3";
    message AnyValue { oneof value { string string_value = 1; } }
    message KeyValue { string key = 1; AnyValue value = 2; }
    message Span { bytes trace_id = 1; string name = 5; repeated KeyValue attributes = 9; }
    message ScopeSpans { repeated Span spans = 2; }
    message Resource { repeated KeyValue attributes = 1; }
    message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
    message ExportRequest { repeated ResourceSpans resource_spans = 1; }`)
  .root.lookupType('ExportRequest')

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}
interface Exported {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<{ readonly attributes: readonly Attribute[] }> }>
  }>
}

/** What came, by span, and as it came. */
const spans: Array<Record<string, string>> = []
let raw = ''
let mode: 'take' | 'hang' | 'refuse' = 'take'
const takes = async (request: IncomingMessage) => {
  const body = await buffer(request)
  raw += body.toString('latin1')
  const { resourceSpans } = ExportRequest.toObject(ExportRequest.decode(body)) as Exported
  for (const { resource, scopeSpans } of resourceSpans) {
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      const attributes = [...resource.attributes, ...span.attributes]
      spans.push(Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])))
    }
  }
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
