import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { EtcdStore } from '../../src/store/etcd/store.js'
import { LmdbStore, ROUTES_FILE } from '../../src/store/lmdb/store.js'
import { openStore } from '../../src/store/open/open.js'
import { storeNamed } from '../../src/transfer/stores.js'
import { route } from '../store/shared-contract.js'
import { temporaryDirectory } from '../support/directory.js'
import { Etcd } from '../support/etcd.js'
import { without } from '../support/installed.js'
import { put, remove } from '../support/store.js'

const skip = await without('etcd', 'etcd-server')

t.test('a store that was never in use gets the routes that were on disk, once', { skip }, async (t) => {
  const etcd = await Etcd.start(t)
  const base = await temporaryDirectory(t)
  const stateDir = join(base, 'state')
  await mkdir(stateDir, { mode: 0o700 })
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) })
  const open = (name: string) =>
    openStore({
      ...{ backend: 'etcd', name, stateDir, publicAddress: '127.0.0.1:8000', env: {}, isShared: false },
      ...{ defaultTarget: undefined, hostRouting: false, etcd: etcd.connection, log },
    })

  await writeFile(join(stateDir, ROUTES_FILE), 'no file of routes')
  const wary = await open('first')
  t.strictSame(await wary.load(), [])
  await wary.close()
  t.match(lines.splice(0), [/The routes on this machine are not taken over: .*routes.mdb/])

  await rm(join(stateDir, ROUTES_FILE))
  const local = await LmdbStore.open(stateDir, log)
  await put(local, route('/user/ann'))
  await put(local, route('/user/bob'))
  await local.close()
  lines.length = 0
  const store = await open('first')
  t.strictSame(new Set((await store.load()).map(({ routespec }) => routespec)), new Set(['/user/ann', '/user/bob']))
  t.match(lines.splice(0), [/Took over the 2 routes of .*state into etcd at .*, which was not in use yet/])
  for (const name of ['/user/ann', '/user/bob']) await remove(store, name)
  await store.close()
  const again = await open('first')
  t.strictSame(await again.load(), [], 'what was removed stays removed')
  await again.close()
  t.strictSame(lines, [])

  t.test('a start that failed halfway is completed by the next one', async (t) => {
    const connection = etcd.connection
    const half = await EtcdStore.open({ connection, name: 'half', hostRouting: false, log })
    await half.load()
    await half.fill([route('/user/ann', 'http://127.0.0.1:2')])
    await half.close()
    const next = await open('half')
    t.teardown(() => next.close())
    const targets = Object.fromEntries((await next.load()).map(({ routespec, data }) => [routespec, data.target]))
    t.strictSame(targets, { '/user/ann': 'http://127.0.0.1:2', '/user/bob': 'http://127.0.0.1:1' })
  })

  t.test('where routes were copied to by hand, what is on disk is not added', async (t) => {
    const context = { options: { storageName: 'copied' }, env: {}, log }
    const there = await storeNamed('--to', `etcd:${etcd.endpoints}`, context)
    await there.add([route('/user/ann')])
    const copied = await open('copied')
    t.teardown(() => copied.close())
    t.strictSame(
      (await copied.load()).map(({ routespec }) => routespec),
      ['/user/ann'],
    )
  })
})
