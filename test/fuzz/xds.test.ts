import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { credentials } from '@grpc/grpc-js'
import fc from 'fast-check'
import type { Test } from 'tap'
import t from 'tap'
import { TYPE_URL } from '../../src/resources/names.js'
import { definitions } from '../../src/xds/messages.js'
import { Backend } from '../support/backend.js'
import { backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { RawAdsClient } from '../support/raw-ads.js'
import { mutated } from './mutation.js'

const RUNS = 150
const PATIENCE_MS = 200
const REQUEST = 'envoy.service.discovery.v3.DeltaDiscoveryRequest'

const proxy = await ProxyProcess.start()
const backend = await Backend.start('a')
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
const ads = join(proxy.runtimeDir, 'ads.sock')

const name = fc.oneof(
  fc.constantFrom('*', 'public', 'r:/', 'r:/a', '__proto__', ''),
  fc.string({ unit: 'binary', maxLength: 10 }),
)
const message = fc.record({
  node: fc.option(fc.record({ id: fc.string({ maxLength: 5 }), cluster: fc.string({ maxLength: 5 }) })),
  type_url: fc.oneof(fc.constantFrom(...Object.values(TYPE_URL)), fc.string({ maxLength: 10 })),
  resource_names_subscribe: fc.array(name, { maxLength: 5 }),
  resource_names_unsubscribe: fc.array(name, { maxLength: 5 }),
  initial_resource_versions: fc.dictionary(name, fc.string({ maxLength: 5 }), { maxKeys: 5 }),
  response_nonce: fc.oneof(fc.constant(''), fc.nat(5).map(String), fc.string({ maxLength: 5 })),
  error_detail: fc.option(fc.record({ code: fc.nat(20), message: fc.string({ maxLength: 10 }) })),
})
const definition = definitions[REQUEST] as unknown as { serialize: (value: object) => Buffer }
const encoded = message.map((value) => definition.serialize(value))

async function stillServes(t: Test, routespec: string): Promise<void> {
  await proxy.route(routespec, backend.url)
  t.equal(await backendOf(proxy.port, routespec), 'a', 'Envoy gets a new route as before')
  t.notMatch(proxy.output, /Envoy ended| error: /, 'and nothing went wrong inside')
}

t.test('no sequence of xDS requests, whole or damaged, disturbs the others', async (t) => {
  const client = new RawAdsClient(`unix:${ads}`, credentials.createInsecure())
  t.teardown(() => client.close())
  let requests = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(encoded, mutated(encoded)), { minLength: 1, maxLength: 8 }),
      async (messages) => {
        // biome-ignore lint/complexity/useLiteralKeys: a generic client's methods are not known by name
        const call = client['stream']?.()
        call.on('error', () => {})
        call.on('data', () => {})
        for (const bytes of messages) call.write(bytes)
        requests += messages.length
        const ended = new Promise((resolve) => call.on('status', resolve))
        call.end()
        // grpc-js may keep the status of a stream back on which a message can't be read; only who sent it waits.
        await Promise.race([ended, delay(PATIENCE_MS)])
        call.cancel()
      },
    ),
    { numRuns: RUNS },
  )
  t.comment(`${RUNS} streams with ${requests} requests`)
  await stillServes(t, '/after-streams')
})

t.test('bytes that are no gRPC at all disturb nobody', async (t) => {
  await fc.assert(
    fc.asyncProperty(mutated(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))), async (bytes) => {
      const socket = connect(ads)
      socket.on('error', () => {})
      const closed = once(socket, 'close')
      socket.end(bytes)
      socket.resume()
      await closed
    }),
    { numRuns: RUNS },
  )
  t.comment(`${RUNS} sequences of bytes`)
  await stillServes(t, '/after-bytes')
})
