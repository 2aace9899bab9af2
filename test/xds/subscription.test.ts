import fc from 'fast-check'
import t from 'tap'
import { SYSTEM_CLOCK } from '../../src/platform/clock.js'
import { ResourceCollection } from '../../src/xds/collection.js'
import type { DeltaResponse } from '../../src/xds/in-flight.js'
import { Listing } from '../../src/xds/listing.js'
import type { Resource } from '../../src/xds/resource.js'
import { Subscription } from '../../src/xds/subscription.js'

/** A collection and one Envoy: the Envoy refuses what {@link isBad} says, and as Envoy does it applies all else. */
class Pair {
  readonly collection = new ResourceCollection('a-type')
  readonly unconfirmed = new Set<string>()
  /** Names that somebody waits for. */
  readonly urgent: string[] = []
  readonly rejected: string[] = []
  readonly sent: DeltaResponse[] = []
  /** What Envoy uses, and what it would name when it reconnects. */
  readonly applied = new Map<string, string>()
  held: Record<string, string> = {}
  subscription: Subscription
  /** All that have ever been there. */
  readonly #names = new Set<string>()

  constructor(readonly isBad: (resource: Resource) => boolean = () => false) {
    this.subscription = this.connect()
  }

  connect(subscribe: readonly string[] = []): Subscription {
    this.sent.length = 0
    const { collection } = this
    const observer = {
      settled: () => {},
      loaded: () => {},
      urgent: () => this.urgent,
      acknowledged: () => {},
      rejected: (resource: Resource, _reason: string, hasOther: boolean) => {
        this.rejected.push(resource.name)
        if (hasOther && !this.applied.has(resource.name)) throw new Error(`Envoy has no ${resource.name}`)
      },
    }
    const first = { node: 'one', subscribe, listing: Listing.of(this.held) }
    const send = (response: DeltaResponse) => this.sent.push(response)
    const { unconfirmed } = this
    const more = { first, unconfirmed, maxAResponse: 100, clock: SYSTEM_CLOCK }
    this.subscription = new Subscription({ collection, observer, send, ...more })
    return this.subscription
  }

  /** Envoy has ended, and another one has started that has nothing yet. */
  restart(): void {
    this.held = {}
    this.applied.clear()
    this.connect()
  }

  set(name: string, version: string | undefined): void {
    this.#names.add(name)
    const before = this.collection.get(name)
    this.collection.set(name, version === undefined ? undefined : { name, version, bytes: Buffer.alloc(0) })
    this.subscription.changed(name, before)
  }

  /** Envoy answers one response; false if there is none. */
  answer(): boolean {
    const response = this.sent.shift()
    if (response === undefined) return false
    const bad = response.resources.filter(this.isBad)
    for (const resource of response.resources) {
      if (!bad.includes(resource)) this.applied.set(resource.name, resource.version)
    }
    for (const name of response.removed) this.applied.delete(name)
    if (bad.length > 0) {
      this.subscription.nack(response.nonce, `bad: ${bad.map(({ name }) => name)}`)
      this.subscription.flush()
      return true
    }
    const added = response.resources.map(({ name, version }): [string, string] => [name, version])
    const kept = Object.entries(this.held).filter(([name]) => !response.removed.includes(name))
    this.held = Object.fromEntries([...kept, ...added])
    this.subscription.ack(response.nonce)
    this.subscription.flush()
    return true
  }

  /** Whether Envoy has answered for everything. */
  isSettled(): boolean {
    return this.subscription.isComplete() && [...this.#names].every((name) => this.subscription.isSettled(name))
  }

  settle(): void {
    this.subscription.flush()
    while (this.answer());
  }
}

t.test('a lone change leaves at once; what comes while two responses are unanswered leaves together', async (t) => {
  const pair = new Pair()
  const unanswered = () => pair.sent.map(({ resources }) => resources.map(({ name }) => name).join())
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    pair.set(name, '1')
    pair.subscription.flush()
  }
  pair.set('a', '2')
  pair.subscription.flush()
  t.strictSame(unanswered(), ['a', 'b'])
  pair.answer()
  t.strictSame(unanswered(), ['b', 'c,d,e,a'], 'and a name is in one of them at most')
})

t.test('an Envoy that reconnects is sent only the differences', async (t) => {
  const pair = new Pair()
  for (const name of ['same', 'changed', 'gone']) pair.set(name, '1')
  pair.settle()
  pair.set('changed', '2')
  pair.set('gone', undefined)
  pair.set('new', '1')
  pair.connect().flush()
  t.strictSame(
    pair.sent.map(({ resources, removed }) => ({ names: resources.map(({ name }) => name), removed })),
    [{ names: ['changed', 'new'], removed: ['gone'] }],
  )
  pair.settle()
  pair.connect().flush()
  t.equal(pair.sent.length, 0, 'and nothing when there are none')
})

t.test('an Envoy that starts gets a response even if there is nothing, since it waits for one', async (t) => {
  const pair = new Pair()
  t.notOk(pair.isSettled())
  pair.subscription.flush()
  t.match(pair.sent, [{ resources: [], removed: [] }])
  pair.settle()
  t.ok(pair.isSettled())
})

t.test('an answer with an old nonce changes nothing', async (t) => {
  const pair = new Pair()
  pair.set('a', '1')
  pair.subscription.flush()
  pair.subscription.ack('0')
  pair.subscription.nack('17', 'late')
  t.notOk(pair.subscription.isSettled('a'))
  pair.settle()
  t.ok(pair.subscription.isSettled('a'))
})

t.test('a name that is asked for and missing is answered as removed, and sent when it comes', async (t) => {
  const pair = new Pair()
  pair.set('other', '1')
  pair.connect(['wanted']).flush()
  t.strictSame(pair.sent[0]?.removed, ['wanted'])
  pair.settle()
  pair.set('wanted', '1')
  pair.set('other', '2')
  pair.settle()
  t.strictSame([...pair.applied], [['wanted', '1']], 'others are not sent')
  pair.subscription.subscribe(['wanted'])
  pair.subscription.flush()
  t.equal(pair.sent[0]?.resources[0]?.name, 'wanted', 'asked for again, it is sent again')
})

t.test('of any batch exactly the resources that Envoy refuses are rejected', async () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), (bad) => {
      const pair = new Pair(({ name }) => bad[Number(name)] === true)
      for (const index of bad.keys()) pair.set(String(index), '1')
      pair.settle()
      const expected = [...bad.keys()].filter((index) => bad[index]).map(String)
      const good = [...bad.keys()].filter((index) => !bad[index]).map(String)
      return (
        pair.rejected.sort().join() === expected.sort().join() &&
        [...pair.subscription.refusals]
          .map(([name]) => name)
          .sort()
          .join() === expected.sort().join() &&
        [...pair.applied.keys()].sort().join() === good.sort().join() &&
        pair.isSettled()
      )
    }),
  )
})

t.test('a refusal counts until Envoy takes the resource or there is another', async (t) => {
  let isBad = true
  const pair = new Pair(() => isBad)
  const refusals = () => [...pair.subscription.refusals]
  pair.set('a', '1')
  pair.settle()
  t.strictSame(refusals(), [['a', 'bad: a']])
  pair.subscription.flush()
  t.equal(pair.sent.length, 0, 'it is not sent again and again')
  pair.set('a', '2')
  t.strictSame(refusals(), [], 'it may like the other better')
  pair.settle()
  t.strictSame(refusals(), [['a', 'bad: a']])
  isBad = false
  pair.set('a', '2')
  pair.settle()
  t.strictSame(refusals(), [], 'it has taken it now')
  t.strictSame([...pair.applied], [['a', '2']])
})

t.test('what an Envoy refuses while it loads does not count as something that it has', async (t) => {
  const pair = new Pair(() => true)
  pair.set('bad', '1')
  pair.restart()
  pair.settle()
  pair.set('bad', '1')
  pair.subscription.flush()
  t.match(pair.sent, [{ resources: [{ name: 'bad' }] }], 'set again, it is sent again')
  pair.settle()
  pair.set('bad', undefined)
  pair.subscription.flush()
  t.strictSame(pair.sent, [], 'and nothing of it has to be removed')
})

t.test('whatever happens in whatever order, Envoy ends with what the collection has', async () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('set' as const), name: fc.nat(5), version: fc.nat(3) }),
    fc.record({ type: fc.constant('delete' as const), name: fc.nat(5) }),
    fc.record({ type: fc.constantFrom('flush' as const, 'answer' as const, 'reconnect' as const, 'restart' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      // Version 3 is one that Envoy refuses.
      const pair = new Pair(({ version }) => version === '3')
      for (const action of steps) {
        if (action.type === 'set') pair.set(String(action.name), String(action.version))
        else if (action.type === 'delete') pair.set(String(action.name), undefined)
        else if (action.type === 'flush') pair.subscription.flush()
        else if (action.type === 'answer') pair.answer()
        else if (action.type === 'restart') pair.restart()
        else pair.connect()
      }
      pair.settle()
      const refused = new Map(pair.subscription.refusals)
      for (let name = 0; name <= 5; name += 1) {
        const wanted = pair.collection.get(String(name))?.version
        if (wanted !== '3' && pair.applied.get(String(name)) !== wanted) return false
        if ((wanted === '3') !== refused.has(String(name))) return false
      }
      return pair.isSettled()
    }),
    { numRuns: 500 },
  )
})
