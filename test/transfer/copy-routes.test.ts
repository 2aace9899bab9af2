import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import t from 'tap'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { compareStores, copyStore } from '../../src/transfer/copy-store.js'
import { storeNamed } from '../../src/transfer/stores.js'
import { route } from '../store/shared-contract.js'
import { temporaryDirectory } from '../support/directory.js'
import { PLAIN_NODE } from '../support/environment.js'
import { Etcd } from '../support/etcd.js'
import { without } from '../support/installed.js'
import { CLI } from '../support/proxy.js'
import { put } from '../support/store.js'

const skip = await without('etcd', 'etcd-server')
const log = pino({ level: 'silent' })
const CONTEXT = { options: { storageName: 'proxy-routes' }, env: {}, log }

interface Ended {
  readonly code: number
  readonly output: string
}

async function copy(...args: readonly string[]): Promise<Ended> {
  const [node, ...options] = PLAIN_NODE as [string, ...string[]]
  return promisify(execFile)(node, [...options, CLI, 'copy-routes', ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
  )
}

t.test('routes are copied from the disk to etcd and back, with all that belongs to them', { skip }, async (t) => {
  const base = await temporaryDirectory(t)
  const [first, second] = [join(base, 'first'), join(base, 'second')]
  const etcd = await Etcd.start(t)
  const there = `etcd:${etcd.endpoints}`
  const routes = Array.from({ length: 350 }, (_, index) => ({
    ...route(`/user/u${index}`),
    added: 1_767_225_600 + index,
  }))
  await mkdir(first, { mode: 0o700 })
  await withStore(first, (store) => store.fill(routes))
  const active = { ...routes[0], lastActivity: new Date('2026-02-03T04:05:06.789Z') } as (typeof routes)[0]
  await withStore(first, (store) => store.storeActivity([active, ...routes.slice(1)], new Date('2026-02-01')))

  const shown = await copy('--from', `lmdb:${first}`, '--to', there, '--dry-run')
  t.match(shown, { code: 1, output: /\+ \/user\/u349 -> http:\/\/127.0.0.1:1\n[\s\S]*350 to add, 0 to replace/ })
  t.match(await copy('--from', `lmdb:${first}`, '--to', there), { code: 0, output: /350 copied: all 350 are there/ })
  t.match(await copy('--from', there, '--to', `lmdb:${second}`), { code: 0, output: /350 copied: all 350 are there/ })
  const expected = [active, ...routes.slice(1)]
  t.strictSame(await withStore(second, sorted), [...expected].sort(byRoutespec), 'also when they were last active')

  t.test('into a store with other routes only if told', async (t) => {
    await withStore(second, async (store) => {
      await store.load()
      await put(store, route('/only-there'))
      await put(store, route('/user/u0', 'http://127.0.0.1:2'))
    })
    const refused = await copy('--from', there, '--to', `lmdb:${second}`)
    t.match(refused, { code: 1, output: /has 2 other routes. Nothing was copied. Add --merge/ })
    t.equal((await withStore(second, sorted)).length, 351)
    const merged = await copy('--from', there, '--to', `lmdb:${second}`, '--merge')
    t.match(merged, { code: 0, output: /only-there is only there, and stays[\s\S]*1 copied: all 350 are there/ })
    const found = await withStore(second, sorted)
    t.equal(found.length, 351)
    t.strictSame(
      found.find(({ routespec }) => routespec === '/user/u0'),
      active,
    )
  })

  t.test('not from where no proxy has kept routes: that is a slip of the pen', async (t) => {
    const third = `lmdb:${join(base, 'third')}`
    for (const from of [`lmdb:${base}`, `lmdb:${join(base, 'nowhere')}`]) {
      t.match(await copy('--from', from, '--to', third), {
        code: 1,
        output: /^error: No proxy has kept routes in lmdb:.* yet/,
      })
    }
    const misspelt = await copy('--from', there, '--to', third, '--storage-name', 'proxy-route')
    t.match(misspelt, {
      code: 1,
      output: /^error: No proxy has kept routes in etcd:.* yet, so there is nothing to copy/,
    })
  })

  t.test('not under a running proxy, and not from or to what is no store', async (t) => {
    const running = await LmdbStore.open(second, log)
    t.teardown(() => running.close())
    await put(running, route('/user/u0', 'http://127.0.0.1:3'))
    const [from, to] = await Promise.all([
      storeNamed('--from', there, CONTEXT),
      storeNamed('--to', `lmdb:${second}`, CONTEXT),
    ])
    const lacking = await compareStores(from, to)
    t.match([...lacking.changed.keys()], ['/user/u0'], 'a dry run reads what is in use')
    await t.rejects(copyStore(from, to, lacking), /Another configurable-envoy-proxy keeps its routes in/)
    for (const text of ['lmdb', 'lmdb:', 'redis:x', 'etcd', 'memory']) {
      await t.rejects(storeNamed('--to', text, CONTEXT), /--to .* is no store. Write lmdb:DIRECTORY/)
    }
    for (const text of ['kubernetes:Routes', 'kubernetes:a,b=c', 'kubernetes:a/../b']) {
      await t.rejects(storeNamed('--to', text, CONTEXT), /--to .* is no store. A name has up to 40 lower-case letters/)
    }
    const kubernetes = await storeNamed('--to', 'kubernetes', CONTEXT)
    await t.rejects(kubernetes.read(), /needs a pod with a ServiceAccount/)
  })
})

async function withStore<T>(directory: string, task: (store: LmdbStore) => Promise<T>): Promise<T> {
  const store = await LmdbStore.open(directory, log)
  try {
    return await task(store)
  } finally {
    await store.close()
  }
}

async function sorted(store: LmdbStore) {
  return [...(await store.load())].sort(byRoutespec)
}

function byRoutespec(one: { readonly routespec: string }, other: { readonly routespec: string }): number {
  return one.routespec < other.routespec ? -1 : 1
}
