import { pino } from 'pino'
import t from 'tap'
import { EtcdStore } from '../../src/store/etcd/store.js'
import type { SharedStore } from '../../src/store/shared.js'
import { join, openAll, route, watched } from '../store/shared-contract.js'
import { Etcd } from '../support/etcd.js'
import { HeldConnection } from '../support/held-connection.js'
import { without } from '../support/installed.js'
import { put } from '../support/store.js'
import { eventually } from '../support/wait.js'

const skip = await without('etcd', 'etcd-server')
const [NEW, NEWEST] = ['http://127.0.0.1:2', 'http://127.0.0.1:3']

function isDone(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}

t.test('an etcd of three members', { skip }, async (t) => {
  const etcd = await Etcd.start(t, { members: 3 })
  let names = 0
  const make = (lines: string[] = []) => {
    names += 1
    const name = `store-${names}`
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) })
    const [first = '', ...others] = etcd.endpoints
    // Each has another order, so that not all use the same member.
    const orders = [etcd.endpoints, [...others, first]]
    let opened = 0
    return () => {
      const endpoints = orders[opened % 2] ?? []
      opened += 1
      return EtcdStore.open({ connection: { ...etcd.connection, endpoints }, name, hostRouting: false, log })
    }
  }
  const openTwo = async (t: { teardown(fn: () => unknown): unknown }, lines?: string[]) => {
    const stores = (await openAll(t, make(lines), 2)) as [SharedStore, SharedStore]
    for (const store of stores) {
      await join(store)
      await store.load()
    }
    return stores
  }

  t.test('one that stands still is left for the next, for calls and for what is followed', async (t) => {
    const [one, other] = await openTwo(t)
    const seen = watched(one)
    await put(other, route('/before'))
    await eventually(() => seen.length === 1, 'it follows')
    etcd.signal('SIGSTOP', 0)
    t.teardown(() => etcd.signal('SIGCONT', 0))
    await eventually(() => isDone(put(one, route('/a'))), 'there is a leader')
    await one.members.renew()
    await put(other, route('/b'))
    await eventually(() => seen.length >= 3, 'it follows by way of another', 5_000)
    t.match(seen, [{ key: '/before' }, { key: '/a' }, { key: '/b' }])
  })

  t.test('one that is killed, too', async (t) => {
    const [one, other] = await openTwo(t)
    const seen = watched(one)
    await etcd.stop(0)
    await eventually(() => isDone(put(one, route('/a'))), 'a leader is found')
    await put(other, route('/b'))
    await eventually(() => seen.some((event) => 'key' in event && event.key === '/b'), 'it follows')
    await etcd.startAgain(0)
  })

  t.test('a majority stands still: 503 within 2 s for all, and right again by itself', async (t) => {
    const lines: string[] = []
    const [one, other] = await openTwo(t, lines)
    const seen = watched(one)
    for (const index of [1, 2]) etcd.signal('SIGSTOP', index)
    const begun = performance.now()
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => put(index % 2 === 0 ? one : other, route(`/${index}`))),
    )
    const took = performance.now() - begun
    for (const index of [1, 2]) etcd.signal('SIGCONT', index)
    const statuses = results.map((result) => (result.status === 'rejected' ? result.reason.statusCode : 201))
    t.strictSame([...new Set(statuses)], [503])
    t.ok(took < 5_000, `a hundred calls fail in the time of one: ${took} ms`)
    await eventually(() => isDone(put(other, route('/after'))), 'etcd is back')
    await eventually(() => seen.some((event) => 'key' in event && event.key === '/after'), 'it follows again')
  })
})

t.test('one etcd', { skip }, async (t) => {
  const etcd = await Etcd.start(t)
  let names = 0
  const make = (endpoints = etcd.endpoints) => {
    const name = `store-${names}`
    const log = pino({ level: 'silent' })
    return () => EtcdStore.open({ connection: { ...etcd.connection, endpoints }, name, hostRouting: false, log })
  }
  t.beforeEach(() => {
    names += 1
  })

  t.test('a write that is carried out late does not undo a later one', async (t) => {
    const way = await HeldConnection.to(t, etcd.endpoints[0] ?? '')
    const one = await make([way.url, ...etcd.endpoints])()
    const other = await make()()
    t.teardown(() => Promise.all([one.close(), other.close()]))
    for (const store of [one, other]) await join(store)
    way.hold()
    const written = put(one, route('/late', NEW))
    await eventually(() => way.has('/late'), 'the call was made')
    const deliver = way.capture()
    t.ok((await written) > 0n, 'it succeeds by way of another endpoint')
    await put(other, route('/late', NEWEST))
    const { answered } = way
    deliver()
    await eventually(() => way.answered > answered, 'etcd has answered the late call')
    t.match(await other.load(), [route('/late', NEWEST)])
    await put(one, route('/next'))
    await one.members.renew()
  })

  t.test('a write that was given up is not made any more once that is seen to', async (t) => {
    const way = await HeldConnection.to(t, etcd.endpoints[0] ?? '')
    const one = await make([way.url])()
    const other = await make()()
    t.teardown(() => Promise.all([one.close(), other.close()]))
    await join(one)
    await put(one, route('/before'))
    t.notOk(one.hasOpenWrite)
    way.hold()
    await t.rejects(put(one, route('/late')), { message: /etcd is away/ })
    t.ok(one.hasOpenWrite)
    const deliver = way.capture()
    await t.rejects(one.settle(), { message: /etcd is away/ })
    t.ok(one.hasOpenWrite)
    way.pass()
    await eventually(() => isDone(one.settle()), 'it is back')
    t.notOk(one.hasOpenWrite)
    const { answered } = way
    deliver()
    await eventually(() => way.answered > answered, 'etcd has answered the late call')
    t.match(await other.load(), [route('/before')])
    await put(one, route('/late'))
    t.equal((await other.load()).length, 2)
  })

  t.test('who is fenced writes nothing', async (t) => {
    const [one, other] = (await openAll(t, make(), 2)) as [SharedStore, SharedStore]
    const { id } = await join(one)
    await other.members.fence(id)
    await t.rejects(put(one, route('/a')), { code: 'CEP_LEASE_LOST' })
    t.strictSame(await other.load(), [])
    await join(one)
    await put(one, route('/a'))
    t.equal((await other.load()).length, 1)
  })

  t.test('when single changes are forgotten, all routes are reported at once', async (t) => {
    const [one, other] = (await openAll(t, make(), 2)) as [SharedStore, SharedStore]
    for (const store of [one, other]) await store.load()
    await put(one, route('/a'))
    const revision = await put(one, route('/b'))
    await etcd.compact()
    const seen = watched(other)
    await eventually(() => seen.length > 0, 'it is told')
    t.match(seen, [{ routes: [route('/a'), route('/b')] }])
    t.ok((seen[0]?.revision ?? 0n) >= revision)
    await put(one, route('/c'))
    await eventually(() => seen.length > 1, 'it follows from there')
    t.match(seen[1], { key: '/c' })
  })

  t.test('what others change by hand is followed', async (t) => {
    const store = await make()()
    t.teardown(() => store.close())
    await store.load()
    const seen = watched(store)
    const key = `/configurable-envoy-proxy/store-${names}/routes/a`
    await etcd.put(key, JSON.stringify(route('/a')))
    await etcd.delete(key)
    await eventually(() => seen.length === 2, 'both are reported')
    t.match(seen, [
      { key: '/a', route: route('/a') },
      { key: '/a', route: undefined },
    ])
  })

  t.test('it has lost its data: the routes are not taken for removed', async (t) => {
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line).msg) })
    const options = { connection: etcd.connection, name: `store-${names}`, hostRouting: false, log }
    const store = await EtcdStore.open(options)
    t.teardown(() => store.close())
    await store.begin()
    await put(store, route('/a'))
    t.equal((await store.load()).length, 1)
    const seen = watched(store)
    await put(store, route('/b'))
    await eventually(() => seen.length === 1, 'it follows')
    await etcd.stop()
    await etcd.startEmpty()
    await eventually(() => lines.some((line) => /has lost all that it had/.test(line)), 'it is logged')
    t.equal(seen.length, 1)
    await t.rejects(store.reload(), { message: /has lost all that it had of this proxy/ })
    const next = await EtcdStore.open(options)
    t.teardown(() => next.close())
    t.strictSame(await next.load(), [], 'a start begins anew')
  })

  t.test('it is restored from a backup: all routes are reported as they were then', async (t) => {
    const store = await make()()
    t.teardown(() => store.close())
    await store.begin()
    await store.load()
    const seen = watched(store)
    await put(store, route('/a'))
    await etcd.stop()
    const restore = await etcd.backUp()
    await etcd.startAgain()
    await eventually(() => isDone(put(store, route('/b'))), 'it is back')
    const last = await put(store, route('/a', NEW))
    await eventually(() => seen.at(-1)?.revision === last, 'it follows')
    await etcd.stop()
    await restore()
    await etcd.startAgain()
    await eventually(() => 'routes' in (seen.at(-1) ?? {}), 'it follows again')
    t.match(seen.at(-1), { routes: [route('/a')] })
    t.ok((seen.at(-1)?.revision ?? last) < last, 'with an earlier revision')
  })

  t.test('who could not leave since it was away leaves afterwards', async (t) => {
    const store = await make()()
    t.teardown(() => store.close())
    await join(store)
    await etcd.stop()
    await t.rejects(store.members.leave(), { message: /etcd is away/ })
    await etcd.startAgain()
    await eventually(() => isDone(store.members.leave()), 'it is back')
    t.strictSame(await store.members.list(), [])
  })

  t.test('it is restarted: 503 at once, and right again by itself', async (t) => {
    const store = await make()()
    t.teardown(() => store.close())
    await join(store)
    await store.load()
    const seen = watched(store)
    await put(store, route('/a'))
    await etcd.stop()
    await t.rejects(put(store, route('/b')), { message: /etcd is away: / })
    await t.rejects(store.members.renew(), { message: /etcd is away/ })
    await etcd.startAgain()
    await eventually(() => isDone(put(store, route('/b'))), 'it writes again', 5_000)
    await eventually(() => seen.length === 2, 'it follows again', 5_000)
    await store.members.renew()
  })
})
