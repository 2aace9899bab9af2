import { copyFile, mkdir, rename, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import t from 'tap'
import type { Route } from '../../src/routing/route.js'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { temporaryDirectory } from '../support/directory.js'

const log = pino({ level: 'silent' })

function route(routespec: string, fields: object = {}): Route {
  return { routespec, data: { target: 'http://127.0.0.1:1', ...fields }, lastActivity: new Date(1e12) }
}

/** All that a store has, by routespec, after it was closed and opened again. */
async function reopened(store: LmdbStore, directory: string): Promise<[LmdbStore, Map<string, Route>]> {
  await store.close()
  const next = await LmdbStore.open(directory, log)
  return [next, new Map((await next.load()).map((found) => [found.routespec, found]))]
}

t.test('it holds what a map would hold, whenever it is closed and opened again', async (t) => {
  const directory = await temporaryDirectory(t)
  const routespec = fc.constantFrom('/', '/a', '/A', '/user/秀樹', `/${'long/'.repeat(60)}`, `/${'x'.repeat(4095)}`)
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ put: routespec, data: fc.dictionary(fc.string(), fc.jsonValue()) }) },
    { weight: 1, arbitrary: fc.record({ put: routespec, replaced: routespec }) },
    { weight: 1, arbitrary: fc.record({ put: routespec, bytes: fc.integer({ min: 1_000, max: 900_000 }) }) },
    { weight: 3, arbitrary: fc.record({ delete: routespec }) },
    { weight: 1, arbitrary: fc.constant('reopen' as const) },
  )
  let store = await LmdbStore.open(directory, log)
  const model = new Map<string, Route>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      let found: Map<string, Route>
      for (const each of [...steps, 'reopen' as const]) {
        if (each === 'reopen') {
          ;[store, found] = await reopened(store, directory)
          t.strictSame([...found].sort(), [...model].sort())
        } else if ('delete' in each) {
          await store.delete(each.delete)
          model.delete(each.delete)
        } else {
          const added = route(
            each.put,
            'data' in each ? each.data : 'bytes' in each ? { x: 'x'.repeat(each.bytes) } : {},
          )
          const data = { ...added.data, target: 'http://[::1]:1/%2F' }
          const replaced = 'replaced' in each && each.replaced !== each.put ? each.replaced : undefined
          await store.put({ ...added, data }, replaced)
          if (replaced !== undefined) model.delete(replaced)
          model.set(
            each.put,
            JSON.parse(JSON.stringify({ ...added, data }), (key, value) =>
              key === 'lastActivity' && typeof value === 'string' ? new Date(value) : value,
            ) as Route,
          )
        }
      }
    }),
    { numRuns: 8 },
  )
  await store.close()
})

t.test('changes that come at once are all kept', async (t) => {
  const directory = await temporaryDirectory(t)
  const store = await LmdbStore.open(directory, log)
  const names = Array.from({ length: 3_000 }, (_, index) => `/user/u${index}`)
  await Promise.all(names.map((name) => store.put(route(name, { user: name }))))
  await Promise.all(
    names.map((name, index) => (index % 3 === 0 ? store.delete(name) : store.put(route(name, { index })))),
  )
  const [next, found] = await reopened(store, directory)
  t.strictSame([...found.keys()].sort(), names.filter((_, index) => index % 3 !== 0).sort())
  t.ok(names.every((name, index) => index % 3 === 0 || found.get(name)?.data.index === index))
  await next.close()
})

t.test('a second store can not have the directory until the first is closed', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await LmdbStore.open(directory, log)
  await t.rejects(LmdbStore.open(directory, log), {
    name: 'FatalError',
    message: `Another configurable-envoy-proxy keeps its routes in ${directory}. Stop it, or give this one a --state-dir of its own.`,
  })
  await t.rejects(LmdbStore.open(join(directory, 'missing'), log), {
    name: 'FatalError',
    message: /can't be locked: ENOENT/,
  })
  await first.close()
  const second = await LmdbStore.open(directory, log)
  await second.close()
})

t.test('without the command that locks, it says what is needed', async (t) => {
  const directory = await temporaryDirectory(t)
  const { PATH } = process.env
  process.env.PATH = directory
  t.teardown(() => {
    process.env.PATH = PATH
  })
  await t.rejects(LmdbStore.open(directory, log), { name: 'FatalError', message: /the command flock is needed/ })
})

t.test('what was lost comes back as a whole or not at all', async (t) => {
  const directory = await temporaryDirectory(t)
  const lost = ['/a', '/b', '/user/秀樹', ...Array.from({ length: 600 }, (_, index) => `/user/${index}`)].map((name) =>
    route(name),
  )
  let store = await LmdbStore.open(directory, log)
  t.ok(store.isNew)
  await mkdir(join(directory, 'routes.mdb.new'))
  await t.rejects(store.fill(lost), { statusCode: 507, message: /could not be stored/ })
  await rmdir(join(directory, 'routes.mdb.new'))
  let found: Map<string, Route>
  ;[store, found] = await reopened(store, directory)
  t.equal(found.size, 0)
  t.ok(store.isNew, 'so that it is tried again at the next start')
  await store.fill(lost)
  await store.put(route('/c'))
  await store.delete('/a')
  ;[store, found] = await reopened(store, directory)
  t.teardown(() => store.close())
  t.notOk(store.isNew)
  t.strictSame([...found.keys()].sort(), [...lost.map(({ routespec }) => routespec).slice(1), '/c'].sort())
})

t.test('a table that was left empty may be one that was lost before it was filled', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'routes.mdb')
  const store = await LmdbStore.open(directory, log)
  await copyFile(file, `${file}.copy`)
  await store.close()
  await rename(`${file}.copy`, file)
  const next = await LmdbStore.open(directory, log)
  t.teardown(() => next.close())
  t.ok(next.isNew)
})
