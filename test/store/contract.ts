import fc from 'fast-check'
import type { Test } from 'tap'
import type { Route } from '../../src/routing/route.js'
import type { OpenedStore } from '../../src/routing/store.js'
import { put, remove } from '../support/store.js'

export type Tap = { teardown(fn: () => unknown): unknown }
/** Opens the same place again and again, after the store before was closed. */
export type Open = () => Promise<OpenedStore>

/** Makes a new store. */
export type Make = (t: Tap) => Promise<Open>

const AT = Date.parse('2026-01-02T03:04:05.678Z')

function route(routespec: string, fields: object = {}, at = AT): Route {
  return { routespec, data: { target: 'http://127.0.0.1:1', ...fields }, lastActivity: new Date(at) }
}

function keyOf(routespec: string): string {
  return routespec.toLowerCase()
}

function byRoutespec(one: Route, other: Route): number {
  return one.routespec < other.routespec ? -1 : 1
}

async function contents(store: OpenedStore): Promise<Map<string, Route>> {
  return new Map((await store.load()).map((found) => [found.routespec, found]))
}

/** What a store has after it was closed and opened again. */
async function reopened(store: OpenedStore, open: Open): Promise<[store: OpenedStore, found: Map<string, Route>]> {
  await store.close()
  const next = await open()
  return [next, await contents(next)]
}

/** What every store promises, shown of one. */
export function everyStore(t: Test, name: string, make: Make): void {
  t.test(`${name}: a new store has no routes`, async (t) => {
    const store = await (await make(t))()
    t.teardown(() => store.close())
    t.strictSame(await store.load(), [])
  })

  t.test(`${name}: a later write has a higher revision`, async (t) => {
    const store = await (await make(t))()
    t.teardown(() => store.close())
    await store.load()
    const revisions = [await put(store, route('/a')), await put(store, route('/b'))]
    revisions.push(await put(store, route('/a', { changed: true })))
    revisions.push(await remove(store, '/a'))
    for (const [index, revision] of revisions.slice(1).entries()) t.ok(revision > (revisions[index] ?? revision))
  })

  t.test(`${name}: removing what is not there is no error, and activity makes no route`, async (t) => {
    const open = await make(t)
    const store = await open()
    await store.load()
    await put(store, route('/a'))
    await remove(store, '/a')
    await remove(store, '/a')
    await remove(store, '/never')
    await store.storeActivity([route('/a', {}, AT + 1), route('/never')], new Date(0))
    const [next, found] = await reopened(store, open)
    t.teardown(() => next.close())
    t.strictSame([...found], [])
  })
}

/** What a store promises that keeps routes, shown of one. */
export function lastingStore(t: Test, name: string, make: Make): void {
  t.test(`${name}: it holds what a map would hold, whenever it is closed and opened again`, async (t) => {
    const open = await make(t)
    const routespec = fc.constantFrom(
      '/',
      '/a',
      '/A',
      '/user/秀樹',
      `/${'long/'.repeat(60)}end`,
      `/${'x'.repeat(4095)}`,
    )
    const later = fc.integer({ min: 0, max: 1e6 })
    // As under --host-routing: two spellings of a host have one key.
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ put: routespec, data: fc.dictionary(fc.string(), fc.jsonValue()), later }) },
      { weight: 1, arbitrary: fc.record({ put: routespec, bytes: fc.integer({ min: 1_000, max: 900_000 }), later }) },
      { weight: 3, arbitrary: fc.record({ delete: routespec }) },
      { weight: 2, arbitrary: fc.record({ active: routespec, later }) },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
    )
    let store = await open()
    const model = new Map([...(await contents(store)).values()].map((found) => [keyOf(found.routespec), found]))
    let now = AT
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        for (const each of [...steps, 'reopen' as const]) {
          if (each === 'reopen') {
            let found: Map<string, Route>
            ;[store, found] = await reopened(store, open)
            t.strictSame([...found.values()].sort(byRoutespec), [...model.values()].sort(byRoutespec))
          } else if ('delete' in each) {
            const key = keyOf(each.delete)
            await store.write({ key, before: model.get(key)?.routespec, after: undefined })
            model.delete(key)
          } else if ('active' in each) {
            const before = model.get(keyOf(each.active))
            if (before !== undefined) {
              now += each.later
              const lastActivity = new Date(now)
              model.set(keyOf(each.active), { ...before, lastActivity })
            }
            await store.storeActivity([...model.values()], new Date(0))
          } else {
            const data = 'data' in each ? each.data : 'bytes' in each ? { x: 'x'.repeat(each.bytes) } : {}
            // CHP's storage classes have last_activity among the data.
            const { last_activity: _, ...fields } = data
            now += each.later
            const posted = { ...fields, target: 'http://[::1]:1/%2F' }
            // JSON has no -0.
            const added = route(each.put, JSON.parse(JSON.stringify(posted)) as object, now)
            const key = keyOf(each.put)
            await store.write({ key, before: model.get(key)?.routespec, after: added })
            model.set(key, added)
          }
        }
      }),
      { numRuns: 8 },
    )
    await store.close()
  })

  t.test(`${name}: changes that come at once are all kept`, async (t) => {
    const open = await make(t)
    const store = await open()
    await store.load()
    const names = Array.from({ length: 3_000 }, (_, index) => `/user/u${index}`)
    await Promise.all(names.map((name) => put(store, route(name, { user: name }))))
    await Promise.all(
      names.map((name, index) => (index % 3 === 0 ? remove(store, name) : put(store, route(name, { index })))),
    )
    const [next, found] = await reopened(store, open)
    t.teardown(() => next.close())
    t.strictSame([...found.keys()].sort(), names.filter((_, index) => index % 3 !== 0).sort())
    t.ok(names.every((name, index) => index % 3 === 0 || found.get(name)?.data.index === index))
  })

  t.test(`${name}: what was lost is stored again`, async (t) => {
    const open = await make(t)
    const store = await open()
    await store.load()
    const lost = ['/b', '/a', ...Array.from({ length: 600 }, (_, index) => `/user/${index}`)].map((name) => route(name))
    await store.fill(lost)
    await put(store, route('/a', { new: true }), '/a')
    const [next, found] = await reopened(store, open)
    t.teardown(() => next.close())
    t.equal(found.size, lost.length)
    t.strictSame(found.get('/a'), route('/a', { new: true }))
    t.strictSame(found.get('/b'), route('/b'))
  })

  t.test(
    `${name}: of activity only what is new is written, and a route that is posted anew begins with its own`,
    async (t) => {
      const open = await make(t)
      let store = await open()
      await store.load()
      const [a, b] = [route('/a'), route('/b')]
      for (const each of [a, b]) await put(store, each)
      const active = { ...a, lastActivity: new Date(AT + 60_000) }
      await store.storeActivity([active, { ...b, lastActivity: new Date(AT + 10) }], new Date(AT + 60_000))
      let found: Map<string, Route>
      ;[store, found] = await reopened(store, open)
      t.strictSame([...found.values()], [active, b])
      await remove(store, '/a')
      const again = route('/a', {}, AT + 120_000)
      await put(store, again)
      ;[store, found] = await reopened(store, open)
      t.teardown(() => store.close())
      t.strictSame(found.get('/a'), again)
    },
  )
}
