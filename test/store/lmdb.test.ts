import { copyFile, mkdir, rename, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import type { Route } from '../../src/routing/route.js'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { temporaryDirectory } from '../support/directory.js'
import { put, remove } from '../support/store.js'

const log = pino({ level: 'silent' })

function route(routespec: string): Route {
  return { routespec, data: { target: 'http://127.0.0.1:1' }, lastActivity: new Date(1e12) }
}

/** All that a store has, by routespec, after it was closed and opened again. */
async function reopened(store: LmdbStore, directory: string): Promise<[LmdbStore, Map<string, Route>]> {
  await store.close()
  const next = await LmdbStore.open(directory, log)
  return [next, new Map((await next.load()).map((found) => [found.routespec, found]))]
}

t.test('a second store can not have the directory until the first is closed', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await LmdbStore.open(directory, log)
  await t.rejects(LmdbStore.open(directory, log), {
    name: 'FatalError',
    message: `Another configurable-envoy-proxy keeps its routes in ${directory}. Stop it, or give this one another --port, and a --state-dir of its own if you use that option.`,
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
  await put(store, route('/c'))
  await remove(store, '/a')
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
