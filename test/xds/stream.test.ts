import t from 'tap'
import type { Node__Output } from '#proto/envoy/config/core/v3/Node.js'
import type { DeltaDiscoveryRequest__Output } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryRequest.js'
import type { DeltaDiscoveryResponse } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryResponse.js'
import { NotAcknowledged, Rejected } from '../../src/xds/errors.js'
import { GENERATION, GENERATION_KEY } from '../../src/xds/generation.js'
import { ServedCollection } from '../../src/xds/served-collection.js'
import { AdsStream } from '../../src/xds/stream.js'
import type { WaitPolicy } from '../../src/xds/wait-policy.js'
import { ONE_ENVOY } from '../../src/xds/wait-policy.js'
import { TestClock } from '../features/clock.js'
import { discoveryRequest } from '../features/envoy.js'

const ACK_TIMEOUT_MS = 10_000
const clock = new TestClock()

function served(typeUrl: string, policy: WaitPolicy = ONE_ENVOY): ServedCollection {
  return new ServedCollection({ typeUrl, ackTimeoutMs: ACK_TIMEOUT_MS, policy, onRejected: () => {}, clock })
}

function resource(name: string, version = '1') {
  return { name, version, bytes: Buffer.from(version) }
}

/** What a change fails with, once its time is over at the latest. */
async function failure(change: Promise<void>): Promise<unknown> {
  const error = change.then(
    () => undefined,
    (error: unknown) => error,
  )
  await clock.pass(ACK_TIMEOUT_MS)
  return error
}

function saying(stream: AdsStream) {
  return (request: Partial<DeltaDiscoveryRequest__Output>) => stream.receive(discoveryRequest(request))
}

/** A stream, with what it sent and what Envoy says on it. */
function connect(...collections: ServedCollection[]) {
  const sent: DeltaDiscoveryResponse[] = []
  const send = (response: DeltaDiscoveryResponse) => sent.push(response)
  const stream = new AdsStream({ ordered: collections, onDemand: [] }, send, () => stream.close(false))
  const say = saying(stream)
  const ack = ({ type_url = '', nonce = '' }: DeltaDiscoveryResponse) => say({ type_url, response_nonce: nonce })
  return { sent, stream, say, ack }
}

t.test('a type is sent only after Envoy has answered for all of the types before it', async (t) => {
  const [clusters, listeners] = [served('clusters'), served('listeners')]
  clusters.collection.set('a', resource('a'))
  listeners.collection.set('l', resource('l'))
  const { sent, say, ack } = connect(clusters, listeners)
  say({ type_url: 'listeners' })
  say({ type_url: 'clusters' })
  t.strictSame(
    sent.map(({ type_url }) => type_url),
    ['clusters'],
  )
  ack(sent[0] ?? {})
  t.strictSame(
    sent.map(({ type_url }) => type_url),
    ['clusters', 'listeners'],
  )
})

t.test('a type on demand is sent whenever it is asked for, before and after those in order', async (t) => {
  const [clusters, listeners, secrets] = [served('clusters'), served('listeners'), served('secrets')]
  clusters.collection.set('a', resource('a'))
  listeners.collection.set('l', resource('l'))
  for (const name of ['s', 'not asked for']) secrets.collection.set(name, resource(name))
  const sent: DeltaDiscoveryResponse[] = []
  const collections = { ordered: [clusters, listeners], onDemand: [secrets] }
  const send = (response: DeltaDiscoveryResponse) => sent.push(response)
  const stream = new AdsStream(collections, send, () => {})
  const say = saying(stream)
  say({ type_url: 'clusters' })
  say({ type_url: 'secrets', resource_names_subscribe: ['s'] })
  const names = () => sent.map(({ resources }) => resources?.map(({ name }) => name).join())
  t.strictSame(names(), ['a', 's'], 'while the clusters are not answered')
  say({ type_url: 'listeners' })
  say({ type_url: 'secrets', response_nonce: sent[1]?.nonce ?? '' })
  t.strictSame(names(), ['a', 's'], 'and the order of the others stays')
  secrets.collection.set('s', resource('s', '2'))
  await new Promise(setImmediate)
  t.strictSame(names(), ['a', 's', 's'])
})

t.test('changes without end of one type do not hold back the types after it', async (t) => {
  const [clusters, listeners] = [served('clusters'), served('listeners')]
  clusters.collection.set('a', resource('a'))
  listeners.collection.set('l', resource('l'))
  const { sent, say, ack } = connect(clusters, listeners)
  say({ type_url: 'clusters' })
  say({ type_url: 'listeners' })
  clusters.collection.set('b', resource('b'))
  await new Promise(setImmediate)
  t.strictSame(
    sent.map(({ type_url }) => type_url),
    ['clusters', 'clusters'],
    'a, and b before a is answered',
  )
  ack(sent[0] ?? {})
  clusters.collection.set('c', resource('c'))
  await new Promise(setImmediate)
  ack(sent[1] ?? {})
  t.strictSame(
    sent.map(({ type_url }) => type_url),
    ['clusters', 'clusters', 'clusters', 'listeners'],
    'c, which came after a was answered, makes no difference',
  )
})

t.test('a change is delivered when every Envoy has it, and one that is gone is not waited for', async (t) => {
  const clusters = served('clusters')
  const [one, two] = [connect(clusters), connect(clusters)]
  for (const { say, ack, sent } of [one, two]) {
    say({ type_url: 'clusters' })
    ack(sent[0] ?? {})
  }
  let delivered = false
  const change = clusters.delivery.apply('a', resource('a')).then(() => {
    delivered = true
  })
  await new Promise(setImmediate)
  one.ack(one.sent[1] ?? {})
  await new Promise(setImmediate)
  t.notOk(delivered, 'two has not answered')
  two.stream.close(true)
  await change
  t.ok(delivered)
})

t.test('what fails is taken back from every Envoy', async (t) => {
  const clusters = served('clusters')
  const { sent, say, ack } = connect(clusters)
  say({ type_url: 'clusters' })
  ack(sent[0] ?? {})
  const late = await failure(clusters.delivery.apply('a', resource('a')))
  t.type(late, NotAcknowledged)
  t.match(String(late), /did not acknowledge it/)
  ack(sent[1] ?? {})
  await new Promise(setImmediate)
  t.strictSame(sent[2]?.removed_resources, ['a'])
  ack(sent[2] ?? {})

  const refused = clusters.delivery.apply('b', resource('b'))
  refused.catch(() => {})
  await new Promise(setImmediate)
  const { nonce = '' } = sent[3] ?? {}
  say({ type_url: 'clusters', response_nonce: nonce, error_detail: { code: 3, message: 'no good' } })
  const refusal = await failure(refused)
  t.type(refusal, Rejected)
  t.match(refusal, { message: 'no good' })
  t.equal(clusters.collection.get('b'), undefined)
})

t.test('without any Envoy a change waits, and fails saying so', async (t) => {
  const clusters = served('clusters')
  const late = await failure(clusters.delivery.apply('a', resource('a')))
  t.type(late, NotAcknowledged)
  t.match(String(late), /no Envoy was connected/)
  const change = clusters.delivery.apply('a', resource('a'))
  const { sent, say, ack } = connect(clusters)
  say({ type_url: 'clusters' })
  ack(sent[0] ?? {})
  await change
})

t.test(
  'a removal that the only Envoy never answered is done once there is one that has no such resource',
  async (t) => {
    const clusters = served('clusters')
    clusters.collection.set('a', resource('a'))
    const dying = connect(clusters)
    dying.say({ type_url: 'clusters' })
    dying.ack(dying.sent[0] ?? {})
    const removal = clusters.delivery.apply('a', undefined)
    await new Promise(setImmediate)
    dying.stream.close(true)
    const next = connect(clusters)
    next.say({ type_url: 'clusters' })
    await removal
    t.strictSame(
      next.sent.map(({ resources, removed_resources }) => [resources, removed_resources]),
      [[[], []]],
    )
  },
)

t.test('what Envoy may hold without naming it is sent again or removed', async (t) => {
  const clusters = served('clusters')
  clusters.collection.set('a', resource('a'))
  const { sent, say, ack } = connect(clusters)
  say({ type_url: 'clusters', initial_resource_versions: { a: '1' } })
  t.strictSame(sent, [], 'it says that it has all there is')
  clusters.subscriptions.resend(['a', 'b'])
  await new Promise(setImmediate)
  t.match(sent, [{ resources: [{ name: 'a' }], removed_resources: ['b'] }])
  ack(sent[0] as DeltaDiscoveryResponse)
  t.equal(clusters.subscriptions.unconfirmed('').size, 0)
})

const FLEET: WaitPolicy = { needsEnvoy: false, returnMs: 500, startMs: 0, silenceMs: 2_000 }

/** An Envoy that has the route `a` already, as one that reconnects. */
function reconnect(clusters: ServedCollection) {
  const envoy = connect(clusters)
  envoy.say({ type_url: 'clusters', initial_resource_versions: { a: '1' } })
  return envoy
}

/** Whether it has resolved by now. */
function watched(promise: Promise<void>) {
  const state = { done: false }
  void promise.then(() => {
    state.done = true
  })
  return state
}

t.test('in a fleet a change waits for no Envoy that is not there', async (t) => {
  const clusters = served('clusters', FLEET)
  await clusters.delivery.apply('a', resource('a'))
  t.equal(clusters.collection.get('a')?.version, '1')
})

t.test('one silent Envoy of several is given up, and gets everything when it is back', async (t) => {
  const clusters = served('clusters', FLEET)
  clusters.collection.set('a', resource('a'))
  const [one, two] = [reconnect(clusters), reconnect(clusters)]
  const change = clusters.delivery.apply('b', resource('b'))
  await new Promise(setImmediate)
  one.ack(one.sent[0] ?? {})
  const state = watched(change)
  await clock.pass((FLEET.silenceMs ?? 0) - 1)
  t.notOk(state.done, 'it has time to answer')
  await clock.pass(20)
  t.ok(state.done)
  t.equal(two.sent.length, 1, 'two has been told and has not answered')
  const again = reconnect(clusters)
  t.match(again.sent[0]?.resources, [{ name: 'b' }])
})

t.test('one timer serves however many wait, and none is left when nobody does', async (t) => {
  const clusters = served('clusters')
  const before = clock.timers
  const { sent, say, ack } = connect(clusters)
  say({ type_url: 'clusters' })
  ack(sent[0] ?? {})
  const changes = ['a', 'b', 'c'].map((name) => clusters.delivery.apply(name, resource(name)))
  t.equal(clock.timers, before + 1)
  await new Promise(setImmediate)
  ack(sent[1] ?? {})
  await Promise.all(changes)
  t.equal(clock.timers, before)
})

t.test('where all Envoys are silent the change fails', async (t) => {
  const clusters = served('clusters', FLEET)
  clusters.collection.set('a', resource('a'))
  for (const _ of [1, 2]) reconnect(clusters)
  const late = await failure(clusters.delivery.apply('b', resource('b')))
  t.type(late, NotAcknowledged)
  t.match(String(late), /did not acknowledge/)
})

t.test('an Envoy whose stream has ended is waited for, as it may be serving on', async (t) => {
  const clusters = served('clusters', FLEET)
  clusters.collection.set('a', resource('a'))
  const gone = reconnect(clusters)
  gone.stream.close(true)
  const change = clusters.delivery.apply('b', resource('b'))
  const state = watched(change)
  await new Promise(setImmediate)
  t.notOk(state.done)
  const { sent, ack } = reconnect(clusters)
  await clock.pass(FLEET.returnMs * 1.5)
  t.notOk(state.done, 'it is back and has not answered')
  ack(sent[0] ?? {})
  await change
})

t.test('an Envoy that starts holds up no change, and has had all of them before it listens', async (t) => {
  const [clusters, listeners] = [served('clusters', FLEET), served('listeners', FLEET)]
  clusters.collection.set('a', resource('a'))
  listeners.collection.set('l', resource('l'))
  const { sent, say, ack } = connect(clusters, listeners)
  say({ type_url: 'clusters' })
  say({ type_url: 'listeners' })
  await clusters.delivery.apply('b', resource('b'))
  await new Promise(setImmediate)
  t.strictSame(
    sent.map(({ type_url }) => type_url),
    ['clusters', 'clusters'],
  )
  ack(sent[0] ?? {})
  t.equal(sent.length, 2, 'b, which was answered without this Envoy, comes before the listener')
  const change = clusters.delivery.apply('c', resource('c'))
  const waiting = watched(change)
  await new Promise(setImmediate)
  t.notOk(waiting.done, 'from now on it is waited for')
  ack(sent[1] ?? {})
  t.match(
    sent.slice(2).map(({ type_url }) => type_url),
    ['clusters', 'listeners'],
  )
  ack(sent[2] ?? {})
  await change
})

t.test('an Envoy that comes and goes without end does not stop all changes', async (t) => {
  const clusters = served('clusters', FLEET)
  clusters.collection.set('a', resource('a'))
  reconnect(clusters).stream.close(true)
  const change = watched(clusters.delivery.apply('a', resource('a', '2')))
  for (let passed = 0; passed < FLEET.returnMs; passed += FLEET.returnMs / 4) {
    t.notOk(change.done)
    await clock.pass(FLEET.returnMs / 4)
    reconnect(clusters).stream.close(true)
  }
  t.ok(change.done)
  t.equal(clusters.collection.get('a')?.version, '2')
})

t.test('what an Envoy gets of a resource depends on what it was started for', async (t) => {
  const listeners = served('listeners')
  listeners.collection.set('l', { ...resource('l', 'new'), earlier: [Buffer.from('old')] })
  const sentTo = (generation: number | undefined) => {
    const { sent, say } = connect(listeners)
    const fields = generation === undefined ? {} : { [GENERATION_KEY]: { numberValue: generation } }
    say({ type_url: 'listeners', node: { id: 'an Envoy', cluster: '', metadata: { fields } } as Node__Output })
    return String((sent[0]?.resources?.[0]?.resource as { value?: Buffer } | undefined)?.value)
  }
  t.equal(sentTo(undefined), 'old')
  t.equal(sentTo(GENERATION), 'new')
  t.equal(sentTo(GENERATION + 1), 'new', 'one of a later version of the program')
})
