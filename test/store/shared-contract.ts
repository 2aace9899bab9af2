import type { Test } from 'tap'
import type { Route } from '../../src/routing/route.js'
import type { StoreEvent } from '../../src/routing/store.js'
import type { SharedStore } from '../../src/store/shared.js'
import { LEASE_MS } from '../../src/store/shared.js'
import { put, remove } from '../support/store.js'
import { eventually } from '../support/wait.js'
import type { Tap } from './contract.js'

/** Opens one place again and again, also several times at once: each is the store of another control plane. */
export type OpenShared = () => Promise<SharedStore>

/** Makes a new place. */
export type MakeShared = (t: Tap) => Promise<OpenShared>

const LOST = { name: 'FastifyError', code: 'CEP_LEASE_LOST' }

export function route(routespec: string, target = 'http://127.0.0.1:1'): Route {
  return { routespec, data: { target }, lastActivity: new Date('2026-01-02T03:04:05.678Z') }
}

/** Opens several at one place, which the end of the test closes. */
export async function openAll(t: Tap, open: OpenShared, count: number): Promise<SharedStore[]> {
  const stores = await Promise.all(Array.from({ length: count }, open))
  t.teardown(() => Promise.all(stores.map((store) => store.close())))
  return stores
}

/** What a store has reported, in order. */
export function watched(store: SharedStore): StoreEvent[] {
  const seen: StoreEvent[] = []
  store.watch(async (event) => void seen.push(event))
  return seen
}

let ids = 0

/** A new member. */
export function join(store: SharedStore, address?: string): ReturnType<SharedStore['members']['join']> {
  ids += 1
  return store.members.join({ id: `member-${ids}`, address })
}

/** What every store promises that several control planes write to, shown of one. */
export function sharedStore(t: Test, name: string, make: MakeShared): void {
  /** A member that never renews, since the beginning of the suite. */
  let silent: { readonly open: OpenShared; readonly store: SharedStore; readonly since: number } | undefined
  t.teardown(() => silent?.store.close())

  t.test(`${name}: a new member is there`, async (t) => {
    const open = await make(t)
    const store = await open()
    silent = { open, store, since: performance.now() }
    const member = await join(store)
    t.strictSame(await store.members.list(), [member])
  })

  t.test(`${name}: all writes are reported to all, in one order, with the revisions of their answers`, async (t) => {
    const [one, other] = await openTwo(t, await make(t))
    for (const store of [one, other]) await store.load()
    const [here, there] = [watched(one), watched(other)]
    const revisions = [await put(other, route('/a')), await put(one, route('/b'))]
    revisions.push(
      (await one.writeAmong({ key: '/a', before: undefined, after: route('/a', 'http://[::1]:2') })).revision,
    )
    revisions.push((await other.writeAmong({ key: '/a', before: '/a', after: undefined })).revision)
    revisions.push((await one.writeAmong({ key: '/a', before: '/a', after: undefined })).revision)
    revisions.push(await put(one, route('/a')))
    const expected = [
      { key: '/a', route: route('/a') },
      { key: '/b', route: route('/b') },
      { key: '/a', route: route('/a', 'http://[::1]:2') },
      { key: '/a', route: undefined },
      { key: '/a', route: undefined },
      { key: '/a', route: route('/a') },
    ].map((event, index) => ({ ...event, revision: revisions[index] }))
    for (const seen of [here, there]) {
      await eventually(() => seen.length >= expected.length, 'all are reported')
      t.strictSame(seen, expected, 'also a removal of what is missing, so that it can be waited for')
    }
    t.ok(revisions.slice(1).every((revision, index) => revision > (revisions[index] ?? revision)))
  })

  t.test(`${name}: what is loaded and what is watched make a whole`, async (t) => {
    const [one, other] = await openTwo(t, await make(t))
    await one.load()
    const before = await put(one, route('/before'))
    t.strictSame(await other.load(), [route('/before')])
    t.ok(other.loaded >= before)
    const between = await put(one, route('/between'))
    t.ok(other.loaded < between)
    const seen = watched(other)
    const after = await put(one, route('/after'))
    await eventually(() => seen.length >= 2, 'both are reported')
    t.match(seen, [{ revision: between }, { revision: after }])
    t.equal(seen.length, 2)
  })

  t.test(
    `${name}: a write says who is there, or takes none of who isn't, and a member sees every write after it joined`,
    async (t) => {
      const [one, other] = await openTwo(t, await make(t))
      const me = await join(one, '127.0.0.1:1')
      await one.load()
      const alone = await one.writeAmong({ key: '/a', before: undefined, after: route('/a') })
      t.strictSame(alone.members ?? (await one.members.list()), [me])
      const newcomer = await join(other)
      t.ok(newcomer.joined > alone.revision)
      t.strictSame(await other.load(), [route('/a')], 'it loads what was written before')
      for (const after of [route('/b'), undefined]) {
        const both = await one.writeAmong({ key: '/b', before: undefined, after })
        t.ok(both.revision > newcomer.joined)
        t.strictSame(sorted(both.members ?? (await one.members.list())), sorted([me, newcomer]))
      }
      t.strictSame(sorted(await other.members.list()), sorted([me, newcomer]))
      await other.members.leave()
      await other.members.leave()
      t.strictSame(await one.members.list(), [me])
      await one.members.renew()
      await other.members.fence(me.id)
      const change = { key: '/c', before: undefined, after: route('/c') }
      const known = await one.writeAmong(change).then(
        ({ members }) => members,
        ({ code }) => code,
      )
      t.ok(known === LOST.code || known?.length === 0, 'who is fenced learns so by its next write')
    },
  )

  t.test(`${name}: who is fenced is in no list and knows it; it may join again`, async (t) => {
    const [one, other] = await openTwo(t, await make(t))
    const me = await join(one)
    const late = await join(other)
    await other.members.renew()
    await one.members.fence(late.id)
    await one.members.fence(late.id)
    await one.members.fence('nobody')
    t.strictSame(await one.members.list(), [me])
    await t.rejects(other.members.renew(), LOST)
    await t.rejects(other.members.renew(), LOST, 'for ever')
    const again = await join(other)
    await other.members.renew()
    t.strictSame(sorted(await one.members.list()), sorted([me, again]))
  })

  t.test(`${name}: an id is one member's`, async (t) => {
    const [one, other] = await openTwo(t, await make(t))
    const { id } = await join(one)
    await t.rejects(other.members.join({ id, address: undefined }), /taken|exists/)
    t.equal((await one.members.list()).length, 1)
    await one.members.renew()
  })

  t.test(`${name}: of members that fence each other, one is left`, async (t) => {
    const stores = await openAll(t, await make(t), 3)
    const members = await Promise.all(stores.map((store) => join(store)))
    const fences = stores.map((store, index) => store.members.fence(members[(index + 1) % 3]?.id ?? ''))
    const results = await Promise.allSettled(fences)
    const renewals = await Promise.allSettled(stores.map((store) => store.members.renew()))
    const alive = members.filter((_, index) => renewals[index]?.status === 'fulfilled')
    t.ok(alive.length > 0)
    for (const [index, result] of results.entries()) {
      const victim = members[(index + 1) % 3]
      if (result.status === 'rejected') t.match(result.reason, LOST)
      else
        t.notOk(
          alive.some((member) => member === victim),
          'whoever was fenced knows it',
        )
    }
    t.strictSame(sorted(await (stores[0] as SharedStore).members.list()), sorted(alive))
  })

  t.test(`${name}: all routes can be read again at any time`, async (t) => {
    const [one, other] = await openTwo(t, await make(t))
    for (const store of [one, other]) await store.load()
    await put(one, route('/a'))
    await put(other, route('/b'))
    const revision = await remove(other, '/a')
    const snapshot = await one.reload()
    t.strictSame(snapshot.routes, [route('/b')])
    t.ok(snapshot.revision >= revision)
    await put(one, route('/b', 'http://127.0.0.1:2'))
    t.strictSame((await other.reload()).routes, [route('/b', 'http://127.0.0.1:2')])
  })

  t.test(`${name}: it knows whether it has been in use`, async (t) => {
    const [one, other] = await openTwo(t, await make(t))
    t.equal(await one.hasBegun(), false)
    await one.begin()
    t.strictSame([one.isFirst, other.isFirst], [true, false], 'who has noted that knows that there was nobody before')
    await other.begin()
    t.equal(await other.hasBegun(), true)
    t.strictSame(await other.load(), [], 'which is no route')
  })

  t.test(`${name}: many members' changes of one route end the same for all`, async (t) => {
    const stores = await openAll(t, await make(t), 3)
    for (const store of stores) {
      await join(store)
      await store.load()
    }
    const seen = stores.map(watched)
    const keys = ['/0', '/1', '/2', '/3']
    // As the table does: the changes of one key never overlap at one member.
    const changes = stores.flatMap((store, member) =>
      keys.map(async (key) => {
        const made = []
        for (let round = 0; round < 5; round += 1) {
          const target = `http://127.0.0.1:${1 + member * 5 + round}`
          made.push(await (round === 3 ? remove(store, key) : put(store, route(key, target))))
        }
        return made
      }),
    )
    const revisions = (await Promise.all(changes)).flat()
    t.equal(new Set(revisions).size, revisions.length)
    for (const events of seen) {
      await eventually(() => events.length >= revisions.length, 'all are reported')
      t.strictSame(
        events.map(({ revision }) => revision),
        [...revisions].sort((a, b) => (a < b ? -1 : 1)),
      )
    }
    t.strictSame(seen[1], seen[0])
    t.strictSame(seen[2], seen[0])
  })

  t.test(`${name}: whoever has not renewed for the time of a lease is in no list and knows it`, async (t) => {
    if (silent === undefined) throw new Error('the first test has failed')
    const { open, store, since } = silent
    const other = await open()
    t.teardown(() => other.close())
    const alone = async () => (await store.members.list()).length === 0
    await eventually(alone, 'its lease has expired', 2 * LEASE_MS)
    t.ok(performance.now() - since >= LEASE_MS)
    await t.rejects(store.members.renew(), LOST)
    t.strictSame(await other.members.list(), [])
  })
}

async function openTwo(t: Tap, open: OpenShared): Promise<[SharedStore, SharedStore]> {
  return (await openAll(t, open, 2)) as [SharedStore, SharedStore]
}

function sorted<T extends { readonly id: string }>(members: readonly T[]): T[] {
  return [...members].sort((one, other) => (one.id < other.id ? -1 : 1))
}
