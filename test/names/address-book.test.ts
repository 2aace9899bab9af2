import t from 'tap'
import { AddressBook } from '../../src/names/address-book.js'
import { TestClock, turns } from '../features/clock.js'
import { TestResolver } from './test-resolver.js'

const SECOND = 1_000

function setUp() {
  const [resolver, clock, changed] = [new TestResolver(), new TestClock(), [] as string[]]
  const unknown: string[] = []
  const book = new AddressBook({
    resolver,
    clock,
    onChanged: (host) => changed.push(host),
    onUnknown: (host, reason) => unknown.push(`${host}: ${reason}`),
  })
  const count = () => resolver.asked.splice(0).length
  return { resolver, clock, changed, unknown, book, count }
}

t.test('each name is asked for once in its time to live, however many ask', async (t) => {
  const { resolver, clock, book, count } = setUp()
  resolver.names.set('a', ['10.0.0.1'])
  await Promise.all(Array.from({ length: 50 }, () => book.resolve('a', false)))
  t.equal(count(), 1)
  await clock.pass(299 * SECOND)
  t.equal(count(), 0)
  await clock.pass(32 * SECOND)
  t.equal(count(), 1)
})

t.test('a short time to live costs no more than a question in 30 s', async (t) => {
  const { resolver, clock, book, count } = setUp()
  resolver.ttlSeconds = 0
  for (let index = 0; index < 60; index += 1) {
    resolver.names.set(`n${index}`, ['10.0.0.1'])
    await book.resolve(`n${index}`, false)
  }
  count()
  await clock.pass(330 * SECOND)
  const asked = count()
  t.ok(asked >= 60 * 9 && asked <= 60 * 11, `${asked} questions`)
})

t.test('questions that were asked together drift apart', async (t) => {
  const { resolver, clock, book, count } = setUp()
  for (let index = 0; index < 500; index += 1) resolver.names.set(`n${index}`, ['10.0.0.1'])
  await Promise.all([...resolver.names.keys()].map((name) => book.resolve(name, false)))
  count()
  await clock.pass(299 * SECOND)
  t.equal(count(), 0)
  for (let second = 0; second < 32; second += 1) {
    await clock.pass(SECOND)
    t.ok(count() < 50, 'about 17 a second are right')
  }
})

t.test('while a name can not be reached it is asked for each few seconds, and no more often', async (t) => {
  const { resolver, clock, changed, book, count } = setUp()
  resolver.names.set('a', ['10.0.0.1'])
  await book.resolve('a', false)
  changed.splice(0)
  count()
  await clock.pass(10 * SECOND)
  for (let second = 0; second < 20; second += 1) {
    book.failing('a')
    await clock.pass(SECOND)
  }
  const asked = count()
  t.ok(asked >= 5 && asked <= 7, `${asked} questions`)
  resolver.names.set('a', ['10.0.0.2'])
  book.failing('a')
  await clock.pass(4 * SECOND)
  book.failing('a')
  await clock.pass(SECOND)
  t.strictSame(changed, ['a'])
  t.strictSame(book.known('a'), ['10.0.0.2'])
  book.failing('unknown')
  t.equal(resolver.asked.filter(({ host }) => host === 'unknown').length, 0)
})

t.test('what is known stays while nobody can tell, and is asked for less and less often', async (t) => {
  const { resolver, clock, changed, book, count } = setUp()
  resolver.names.set('a', ['10.0.0.1'])
  await book.resolve('a', false)
  resolver.names.delete('a')
  count()
  await clock.pass(3_600 * SECOND)
  t.strictSame(book.known('a'), ['10.0.0.1'])
  t.strictSame(changed, ['a'])
  const asked = count()
  t.ok(asked >= 50 && asked <= 80, `${asked} questions`)
})

t.test('that a name can not be resolved is told once, unless something is known of it', async (t) => {
  const { resolver, clock, unknown, book } = setUp()
  resolver.names.set('known', ['10.0.0.1'])
  await book.resolve('known', false)
  await book.resolve('unknown', false)
  resolver.names.delete('known')
  await clock.pass(3_600 * SECOND)
  t.strictSame(unknown, ['unknown: nobody knows unknown'])
})

t.test('addresses in another order are no others', async (t) => {
  const { resolver, clock, changed, book } = setUp()
  resolver.names.set('a', ['10.0.0.1', '10.0.0.2'])
  await book.resolve('a', false)
  resolver.names.set('a', ['10.0.0.2', '10.0.0.1'])
  await clock.pass(400 * SECOND)
  t.strictSame(changed, ['a'])
  resolver.names.set('a', ['10.0.0.3', '10.0.0.2'])
  await clock.pass(400 * SECOND)
  t.strictSame(book.known('a'), ['10.0.0.2', '10.0.0.3'])
})

t.test('a name that is set again is asked for anew, and an older answer that is late changes nothing', async (t) => {
  const { resolver, book } = setUp()
  resolver.hangs = true
  resolver.names.set('a', ['10.0.0.1'])
  const old = book.resolve('a', false)
  await turns()
  resolver.hangs = false
  resolver.names.set('a', ['10.0.0.2'])
  t.strictSame(await book.resolve('a', true), ['10.0.0.2'])
  resolver.answerAll()
  await turns()
  t.strictSame(book.known('a'), ['10.0.0.2'])
  await old
})

t.test('a route waits for a slow answer, and hardly at all if nobody answers', async (t) => {
  const { resolver, clock, book } = setUp()
  resolver.hangs = true
  resolver.names.set('a', ['10.0.0.1'])
  let answer: readonly string[] | undefined
  void book.resolve('a', false).then((addresses) => {
    answer = addresses
  })
  await clock.pass(7 * SECOND)
  t.equal(answer, undefined)
  resolver.answerAll()
  await turns()
  t.strictSame(answer, ['10.0.0.1'])
  resolver.silent = true
  const silent = book.resolve('b', false)
  await clock.pass(SECOND)
  t.strictSame(await silent, [])
})

t.test('after a start what was known a short time ago is used, and asked for bit by bit', async (t) => {
  const { resolver, clock, book, count } = setUp()
  const hosts = Array.from({ length: 300 }, (_none, index) => `n${index}`)
  for (const host of hosts) resolver.names.set(host, ['10.0.0.2'])
  await book.begin(hosts, new Map(hosts.map((host) => [host, { addresses: ['10.0.0.1'], until: Date.now() }])))
  t.strictSame(book.known('n7'), ['10.0.0.1'])
  t.equal(count(), 0)
  for (let second = 0; second < 30; second += 1) {
    await clock.pass(SECOND)
    t.ok(count() < 40, 'about 10 a second are right')
  }
  await clock.pass(SECOND)
  t.strictSame(book.known('n7'), ['10.0.0.2'])
})

t.test('after a start names are asked for soon, however long they are good for', async (t) => {
  const { resolver, clock, changed, book } = setUp()
  resolver.names.set('a', ['10.0.0.2']).set('b', ['10.0.0.1'])
  const good = { addresses: ['10.0.0.1'], until: Date.now() + 3_600 * SECOND }
  await book.begin(
    ['a', 'b'],
    new Map([
      ['a', good],
      ['b', good],
    ]),
  )
  t.strictSame(book.known('a'), ['10.0.0.1'], 'and what was known is used meanwhile')
  await clock.pass(SECOND)
  t.strictSame(book.known('a'), ['10.0.0.2'])
  t.strictSame(changed, ['a'])
})

t.test('what was known long ago is asked for before it is used, as long as that takes not too long', async (t) => {
  const { resolver, clock, book } = setUp()
  const old = { addresses: ['10.0.0.1'], until: Date.now() - 3_600 * SECOND }
  resolver.names.set('a', ['10.0.0.2'])
  const known = new Map([
    ['a', old],
    ['lost', old],
  ])
  const begun = book.begin(['a', 'lost', 'new'], known)
  await clock.pass(6 * SECOND)
  await begun
  t.strictSame(book.known('a'), ['10.0.0.2'])
  t.strictSame(book.known('lost'), ['10.0.0.1'])
  t.strictSame(book.known('new'), [])
})

t.test('names that are in use no more are not asked for, nor known after the next start', async (t) => {
  const { resolver, clock, book, count } = setUp()
  resolver.names.set('a', ['10.0.0.1']).set('b', ['10.0.0.2'])
  await book.resolve('a', false)
  await book.resolve('b', false)
  book.release('a')
  count()
  await clock.pass(400 * SECOND)
  t.strictSame(new Set(resolver.asked.map(({ host }) => host)), new Set(['b']))
  t.strictSame(
    [...book.all()].map(([host]) => host),
    ['b'],
  )
  t.strictSame(resolver.forgotten, ['a'])
  book.close()
  count()
  await clock.pass(400 * SECOND)
  t.equal(count(), 0)
})
