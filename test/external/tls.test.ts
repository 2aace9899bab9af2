import type { ChannelCredentials } from '@grpc/grpc-js'
import { Client, credentials } from '@grpc/grpc-js'
import t from 'tap'
import type { DeltaDiscoveryResponse__Output } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryResponse.js'
import { TYPE_URL } from '../../src/resources/names.js'
import { definitions } from '../../src/xds/messages.js'
import { Authority } from '../support/certificate.js'
import { backendOf } from '../support/http.js'
import { eventually } from '../support/wait.js'
import { Fleet } from './fleet.js'

type Method = {
  readonly path: string
  readonly requestSerialize: (value: object) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => DeltaDiscoveryResponse__Output
}

/** The names of the clusters that a client is told, or why it is told nothing. */
function clustersFor(port: number, as: ChannelCredentials): Promise<string> {
  const service = definitions['envoy.service.discovery.v3.AggregatedDiscoveryService'] as unknown as Record<
    string,
    Method
  >
  const { path, requestSerialize, responseDeserialize } = service.DeltaAggregatedResources as Method
  const client = new Client(`localhost:${port}`, as)
  return new Promise<string>((resolve) => {
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    call.on('data', ({ resources }: DeltaDiscoveryResponse__Output) =>
      resolve(resources.map(({ name }) => name).join()),
    )
    call.on('error', (error) => resolve(`nothing: ${error.message}`))
    call.write({ node: { id: 'a-test' }, type_url: TYPE_URL.cluster })
  }).finally(() => client.close())
}

t.test('who has no certificate of the authority is told nothing', async (t) => {
  const fleet = await Fleet.make(t)
  const [proxy, other] = [await fleet.start(), await Authority.make()]
  t.teardown(() => other.remove())
  await proxy.route('/user/a', fleet.home.backend.url)
  const { authority, xdsPort } = fleet
  const [good, foreign, expired] = [await authority.issue(), await other.issue(), await authority.expired()]
  const show = ({ key, cert }: { key: Buffer; cert: Buffer }) => credentials.createSsl(authority.cert, key, cert)
  t.match(await clustersFor(xdsPort, show(good)), 'r:/user/a')
  t.match(await clustersFor(xdsPort, credentials.createSsl(authority.cert)), /^nothing: /, 'none at all')
  t.match(await clustersFor(xdsPort, show(foreign)), /^nothing: /, "another authority's")
  t.match(await clustersFor(xdsPort, show(expired)), /^nothing: /, 'one that has expired')
  t.match(await clustersFor(xdsPort, credentials.createInsecure()), /^nothing: /, 'without TLS')
})

t.test('new certificates and authorities are taken up by both sides, and no stream is lost', async (t) => {
  const fleet = await Fleet.make(t)
  const [proxy, next] = [await fleet.start(), await Authority.make('next')]
  t.teardown(() => next.remove())
  const { envoy, tls } = await fleet.envoy('g1', 'localhost')
  await envoy.serve()
  await proxy.route('/user/a', fleet.home.backend.url)

  const both = Buffer.concat([fleet.authority.cert, next.cert])
  await fleet.server.replace(await fleet.authority.issue(), both)
  await tls.replace(await fleet.authority.issue(), both)
  await eventually(() => proxy.output.includes('Read the authorities of --xds-ssl-ca again'), 'both are trusted')
  const old = await fleet.authority.issue()
  await fleet.server.replace(await next.issue(), next.cert)
  await tls.replace(await next.issue(), next.cert)
  const asOld = () => clustersFor(fleet.xdsPort, credentials.createSsl(both, old.key, old.cert))
  await eventually(async () => (await asOld()).startsWith('nothing'), 'the old authority lets nobody in any longer')
  await proxy.route('/user/b', fleet.home.backend.url)
  t.equal(await backendOf(0, '/user/b', envoy.at), 'a')
  t.notMatch(proxy.output, 'Envoy g1 disconnected', 'the stream is the one of before')

  await eventually(
    async () => (await envoy.stat('sds.control-plane-client.update_success')) >= 1,
    'Envoy has a certificate',
  )
  proxy.child.kill('SIGKILL')
  await proxy.exit()
  const again = await fleet.start()
  await eventually(() => again.output.includes('Envoy g1 connected'), 'by the new ones it finds the next control plane')
  await again.route('/user/c', fleet.home.backend.url)
  t.equal(await backendOf(0, '/user/c', envoy.at), 'a')
})

t.test('an Envoy talks to no control plane of another name', async (t) => {
  const fleet = await Fleet.make(t)
  await fleet.server.replace(await fleet.authority.issue({ names: 'DNS:another.name' }), fleet.authority.cert)
  const proxy = await fleet.start()
  const { envoy } = await fleet.envoy('g1')
  envoy.start()
  await eventually(
    async () => (await envoy.stat('cluster.control_plane.ssl.fail_verify_san').catch(() => 0)) > 0,
    'refused',
  )
  t.notMatch(proxy.output, 'Envoy g1 connected')
})
