import t from 'tap'
import { collectorCluster } from '../../src/resources/tracing/tracing.js'
import { readTracing } from '../../src/settings/tracing.js'

const read = (otlpEndpoint: string, more = {}) => readTracing({ otlpEndpoint, otlpSampling: 10, ...more }, {})

t.test('an endpoint is a URL with the scheme of its protocol', async (t) => {
  const cases: Array<[endpoint: string, port: number, tls: boolean, uri: string | undefined]> = [
    ['http://collector:4318', 4318, false, 'http://collector:4318/v1/traces'],
    ['https://collector.example/otlp/', 443, true, 'https://collector.example/otlp/v1/traces'],
    ['grpc://collector', 4317, false, undefined],
    ['grpcs://[::1]:5000', 5000, true, undefined],
  ]
  for (const [endpoint, port, tls, uri] of cases) {
    const settings = await read(endpoint)
    t.match(settings?.collector, { tls, address: { port } }, endpoint)
    t.equal(settings?.uri, uri, endpoint)
    t.equal(settings?.authorities !== undefined, tls, `${endpoint}: checked against authorities`)
    if (settings) t.equal('transport_socket' in collectorCluster(settings), tls, endpoint)
  }
  t.equal(await readTracing({ otlpSampling: 10 }, {}), undefined)
})

t.test('what can not be used is refused with the reason', async (t) => {
  const cases: Array<[endpoint: string, reason: RegExp, more?: object]> = [
    ['collector:4317', /must start with http:/],
    ['ftp://collector', /must start with http:/],
    ['http://collector?x=1', /can't have a query/],
    ['grpc://collector/path', /can't have a path with gRPC/],
    ['grpc://', /--otlp-endpoint: /],
    ['grpc://collector', /--otlp-ssl-ca needs an --otlp-endpoint with TLS/, { otlpSslCa: '/x' }],
    ['grpcs://collector', /--otlp-ssl-ca/, { otlpSslCa: '/there/is/none' }],
  ]
  for (const [endpoint, reason, more] of cases) await t.rejects(read(endpoint, more), reason, endpoint)
})
