import { setImmediate as endOfTurn } from 'node:timers/promises'
import t from 'tap'
import { ClusterPublisher } from '../../src/control-plane/clusters.js'
import { SYSTEM_CLOCK } from '../../src/platform/clock.js'
import type { Rollback } from '../../src/routing/publisher.js'
import type { RoutePublication } from '../../src/routing/route.js'
import { parseTarget } from '../../src/routing/target.js'
import type { DeltaResponse } from '../../src/xds/in-flight.js'
import { Listing } from '../../src/xds/listing.js'
import { ServedCollection } from '../../src/xds/served-collection.js'
import { ONE_ENVOY } from '../../src/xds/wait-policy.js'
import { forwarding } from '../support/forwarding.js'
import { DEFAULT_LIMITS } from '../support/limits.js'

const SETTINGS = {
  targetTls: { showCertificate: false, verify: true },
  hostRouting: false,
  forwarding: forwarding(),
  limits: DEFAULT_LIMITS,
}

/** A publisher of routes by name, whose names have the addresses that the test gives them, and its one Envoy. */
class Rig {
  /** What the names have; those that aren't here are unknown. */
  readonly names = new Map<string, string[]>()
  readonly released: string[] = []
  readonly failing: string[] = []
  /** Routes that Envoy refuses. */
  readonly refused = new Set<string>()
  /** Whether Envoy answers at once. */
  answering = true
  readonly publisher: ClusterPublisher
  readonly #sent: DeltaResponse[] = []

  constructor() {
    const clusters = new ServedCollection({
      typeUrl: 'clusters',
      ackTimeoutMs: 1_000,
      policy: ONE_ENVOY,
      clock: SYSTEM_CLOCK,
      onRejected: () => {},
    })
    const send = (response: DeltaResponse) => {
      this.#sent.push(response)
      if (this.answering) setImmediate(() => this.answer(response))
    }
    const subscription = clusters.subscriptions.open({ node: 'one', subscribe: [], listing: Listing.of({}) }, send, {
      node: 'one',
      flush: () => subscription.flush(),
      cutOff: () => {},
    })
    this.answer = ({ nonce, resources }) => {
      if (resources.some(({ name }) => this.refused.has(name))) subscription.nack(nonce, 'no')
      else subscription.ack(nonce)
      subscription.flush()
    }
    subscription.flush()
    this.publisher = new ClusterPublisher({
      clusters,
      lookup: { include: () => {}, finds: async () => {} },
      settings: SETTINGS,
      recoverable: false,
      named: false,
      warn: () => {},
      addresses: {
        resolve: async (host) => {
          if (this.released.includes(host)) this.released.splice(this.released.indexOf(host), 1)
          return this.names.get(host) ?? []
        },
        known: (host) => (this.released.includes(host) ? [] : (this.names.get(host) ?? [])),
        failing: (host) => this.failing.push(host),
        release: (host) => this.released.push(host),
      },
    })
  }

  readonly answer: (response: DeltaResponse) => void

  async publish(key: string, target: string): Promise<Rollback> {
    await this.publisher.prepare(publication(key, target))
    return this.publisher.publish(publication(key, target))
  }

  /** Gives a name other addresses, and lets Envoy take them. */
  async move(host: string, ...addresses: string[]): Promise<void> {
    this.names.set(host, addresses)
    this.publisher.addressesChanged(host)
    for (let turn = 0; turn < 4; turn += 1) await endOfTurn()
  }

  /** The clusters that Envoy was sent for a route, as text in which addresses and names can be found. */
  sent(key: string): string[] {
    return this.#sent.flatMap(({ resources }) =>
      resources.filter(({ name }) => name === `r:${key}`).map(({ bytes }) => bytes.toString('latin1')),
    )
  }

  get unanswered(): DeltaResponse | undefined {
    return this.#sent.at(-1)
  }
}

function publication(key: string, target: string): RoutePublication {
  return { key, target: parseTarget(target), route: { routespec: key, data: { target } } }
}

t.test('a host name is sent once, as the addresses that it has', async (t) => {
  const rig = new Rig()
  rig.names.set('a-name', ['10.0.0.1', '10.0.0.2'])
  await rig.publish('/a', 'http://a-name:80')
  await endOfTurn()
  const [sent = '', ...more] = rig.sent('/a')
  t.match(sent, /10\.0\.0\.1.*10\.0\.0\.2/s)
  t.equal(more.length, 0)
})

t.test('one that nobody knows is left to Envoy, until it is known', async (t) => {
  const rig = new Rig()
  await rig.publish('/a', 'http://a-name:80')
  t.equal(rig.sent('/a').length, 1)
  await rig.move('a-name', '10.0.0.1')
  t.match(rig.sent('/a')[1], /10\.0\.0\.1/)
})

t.test('new addresses reach every route of the name and no other', async (t) => {
  const rig = new Rig()
  rig.names.set('one', ['10.0.0.1']).set('other', ['10.0.0.9'])
  await Promise.all([
    rig.publish('/a', 'http://one:80'),
    rig.publish('/b', 'http://one:81'),
    rig.publish('/c', 'http://other'),
  ])
  await rig.move('one', '10.0.0.2')
  for (const key of ['/a', '/b']) t.match(rig.sent(key).at(-1), /10\.0\.0\.2/, key)
  t.equal(rig.sent('/c').length, 1)
  await rig.move('one', '10.0.0.2')
  t.equal(rig.sent('/a').length, 2, 'the same again are no news')
})

t.test('addresses that change while the route is being changed neither undo that nor get lost', async (t) => {
  const rig = new Rig()
  rig.names.set('old', ['10.0.0.1']).set('new', ['10.0.1.1'])
  await rig.publish('/a', 'http://old')
  rig.answering = false
  const change = rig.publish('/a', 'http://new')
  while (rig.sent('/a').length < 2) await endOfTurn()
  await rig.move('old', '10.0.0.2')
  await rig.move('new', '10.0.1.2')
  t.equal(rig.sent('/a').length, 2)
  rig.answering = true
  if (rig.unanswered !== undefined) rig.answer(rig.unanswered)
  await change
  for (let turn = 0; turn < 4; turn += 1) await endOfTurn()
  t.match(rig.sent('/a').at(-1), /10\.0\.1\.2/)
  t.strictSame(rig.released, ['old'])
})

t.test('a change that Envoy refuses leaves the route with the addresses that it has by then', async (t) => {
  const rig = new Rig()
  rig.names.set('old', ['10.0.0.1']).set('new', ['10.0.1.1'])
  await rig.publish('/a', 'http://old')
  rig.answering = false
  rig.refused.add('r:/a')
  const change = rig.publish('/a', 'http://new')
  while (rig.sent('/a').length < 2) await endOfTurn()
  await rig.move('old', '10.0.0.2')
  rig.answering = true
  if (rig.unanswered !== undefined) rig.answer(rig.unanswered)
  rig.refused.clear()
  await t.rejects(change, { message: /no/ })
  for (let turn = 0; turn < 6; turn += 1) await endOfTurn()
  t.match(rig.sent('/a').at(-1), /10\.0\.0\.2/)
  t.strictSame(rig.released, ['new'])
})

t.test(
  'a change that is taken back leaves the route with the name that it had, and that is followed again',
  async (t) => {
    const rig = new Rig()
    rig.names.set('old', ['10.0.0.1']).set('new', ['10.0.1.1'])
    await rig.publish('/a', 'http://old')
    const rollback = await rig.publish('/a', 'http://new')
    t.strictSame(rig.released, ['old'])
    await rollback()
    t.match(rig.sent('/a').at(-1), /10\.0\.0\.1/)
    t.strictSame(rig.released, [], 'the name is in use again')
    await rig.move('old', '10.0.0.2')
    t.match(rig.sent('/a').at(-1), /10\.0\.0\.2/)
  },
)

t.test('a name is kept as long as any route leads there', async (t) => {
  const rig = new Rig()
  rig.names.set('one', ['10.0.0.1'])
  await rig.publish('/a', 'http://one')
  await rig.publish('/b', 'http://one')
  await rig.publisher.withdraw('/a')
  t.strictSame(rig.released, [])
  await rig.publish('/b', 'http://10.0.0.7')
  t.strictSame(rig.released, ['one'])
})

t.test('a name is kept for a route that is about to be published, though no other one needs it any more', async (t) => {
  const rig = new Rig()
  rig.names.set('one', ['10.0.0.1'])
  await rig.publish('/a', 'http://one')
  const next = publication('/b', 'http://one')
  await rig.publisher.prepare(next)
  await rig.publisher.withdraw('/a')
  t.strictSame(rig.released, [])
  await rig.publisher.publish(next)
  t.match(rig.sent('/b'), [/10\.0\.0\.1/])
  await rig.publisher.withdraw('/b')
  t.strictSame(rig.released, ['one'])
})

t.test('of a route that can not be reached the name is asked for again, if it has one', async (t) => {
  const rig = new Rig()
  rig.names.set('one', ['10.0.0.1'])
  await rig.publish('/a', 'http://one')
  await rig.publish('/b', 'http://10.0.0.7')
  rig.publisher.unreachable('/a')
  rig.publisher.unreachable('/b')
  rig.publisher.unreachable('/gone')
  t.strictSame(rig.failing, ['one'])
})
