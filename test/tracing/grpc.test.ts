import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import t from 'tap'
import { admin } from '../support/admin.js'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import { spansOf } from './spans.js'

const authority = await Authority.make()
const { cert, key } = await authority.issue()
const backend = await Backend.start('backend')
t.teardown(() => Promise.all([backend.stop(), authority.remove()]))

/** A collector of OTLP over gRPC, with the spans that it got. */
async function grpcCollector(t: Tap, credentials: ServerCredentials): Promise<Collector> {
  const spans: Array<Record<string, string>> = []
  const bytes = (body: Buffer) => body
  const server = new Server()
  const method = { requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes }
  server.addService(
    {
      Export: {
        ...method,
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Export: ({ request }: { request: Buffer }, answer: (error: null, body: Buffer) => void) => {
        spans.push(...spansOf(request))
        answer(null, Buffer.alloc(0))
      },
    },
  )
  t.teardown(() => server.forceShutdown())
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  return { port, spans }
}

/** A collector of OTLP over HTTP with TLS. */
async function httpsCollector(t: Tap): Promise<Collector> {
  const spans: Array<Record<string, string>> = []
  const server = createServer({ cert, key }, async (request, response) => {
    if (request.url === '/v1/traces') spans.push(...spansOf(await buffer(request)))
    response.end()
  })
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, spans }
}

interface Collector {
  readonly port: number
  readonly spans: ReadonlyArray<Record<string, string>>
}
type Tap = { teardown(fn: () => unknown): unknown }

const tls = () => ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }])

const CASES: ReadonlyArray<{
  readonly name: string
  readonly make: (t: Tap) => Promise<Collector>
  readonly args: (port: number) => string[]
}> = [
  {
    name: 'gRPC',
    make: (t) => grpcCollector(t, ServerCredentials.createInsecure()),
    args: (port) => [`grpc://127.0.0.1:${port}`],
  },
  {
    name: 'gRPC with TLS',
    make: (t) => grpcCollector(t, tls()),
    args: (port) => [`grpcs://localhost:${port}`, '--otlp-ssl-ca', authority.file],
  },
  {
    name: 'HTTP with TLS',
    make: httpsCollector,
    args: (port) => [`https://127.0.0.1:${port}`, '--otlp-ssl-ca', authority.file],
  },
]

for (const { name, make, args } of CASES)
  t.test(`a collector gets spans by ${name}`, async (t) => {
    const { port, spans } = await make(t)
    const proxy = await ProxyProcess.start([
      ...['--otlp-sampling', '100', '--workers', '1', '--otlp-endpoint', ...args(port)],
    ])
    t.teardown(() => proxy.stop())
    await proxy.route('/user/alice', backend.url, { user: 'alice' })
    await eventually(async () => {
      await ask(proxy.port, '/user/alice/lab?token=SECRET')
      return spans.length > 0
    }, 'a span came')
    t.match(spans[0], { 'service.name': 'configurable-envoy-proxy', 'jupyterhub.user': 'alice' })
    t.notMatch(JSON.stringify(spans), 'SECRET')
  })

t.test('a collector with a certificate of unknown authorities, or of another name, gets none', async (t) => {
  const other = await Authority.make()
  t.teardown(() => other.remove())
  const { certFile: _, ...wrongName } = await authority.issue({ names: 'DNS:elsewhere.example' })
  const credentials = ServerCredentials.createSsl(null, [{ cert_chain: wrongName.cert, private_key: wrongName.key }])
  const unknown = await grpcCollector(t, tls())
  const misnamed = await grpcCollector(t, credentials)
  for (const [{ port, spans }, file] of [
    [unknown, other.file],
    [misnamed, authority.file],
  ] as const) {
    const endpoint = ['--otlp-endpoint', `grpcs://localhost:${port}`, '--otlp-ssl-ca', file]
    const proxy = await ProxyProcess.start(['--otlp-sampling', '100', '--workers', '1', ...endpoint])
    t.teardown(() => proxy.stop())
    await proxy.route('/user/alice', backend.url)
    const tried = () => admin(proxy, '/stats?filter=cluster.otlp_collector.ssl.fail_verify')
    await eventually(async () => {
      await ask(proxy.port, '/user/alice/lab')
      return /fail_verify_(error|san): [1-9]/.test(await tried())
    }, 'Envoy refused the certificate')
    t.strictSame(spans, [])
  }
})
