import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import t from 'tap'
import type { Route } from '../../src/routing/route.js'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { kubeApiServer, withoutHelm } from '../helm/tools.js'
import { route } from '../store/shared-contract.js'
import { temporaryDirectory } from '../support/directory.js'
import { PLAIN_NODE } from '../support/environment.js'
import { Etcd } from '../support/etcd.js'
import { without } from '../support/installed.js'
import { withoutMounts } from '../support/name-service.js'
import { CLI } from '../support/proxy.js'
import { ApiServer } from './api-server.js'
import { inPod } from './pods.js'

/** The first run compiles the API server. */
const BUILD_MS = 20 * 60_000

const SILENT = pino({ level: 'silent' })
const skip = (await withoutHelm()) || (await without('etcd', 'etcd-server')) || withoutMounts()

t.setTimeout(BUILD_MS)

t.test(
  'routes are copied between any two of the disk, etcd and ConfigMaps, with all that belongs to them',
  { skip, timeout: BUILD_MS },
  async (t) => {
    const api = await ApiServer.start(t, await kubeApiServer())
    await api.namespace('hub')
    const base = await temporaryDirectory(t)
    const [one, other] = [await Etcd.start(t), await Etcd.start(t)]
    const pod = await inPod(api, { namespace: 'hub', directory: base })
    const copy = async (from: string, to: string, ...more: readonly string[]) => {
      const [program, ...before] = [...pod.before, ...PLAIN_NODE] as [string, ...string[]]
      const args = [...before, CLI, 'copy-routes', '--from', from, '--to', to, ...more]
      const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, ...pod.env } })
      t.match(stdout, new RegExp(`${ROUTES} copied: all ${ROUTES} are there`), `${from} to ${to}`)
    }
    const disk = (name: string) => join(base, name)
    const routes = await fill(disk('a'))
    const kept = [`lmdb:${disk('a')}`, `lmdb:${disk('b')}`, `lmdb:${disk('c')}`, `lmdb:${disk('d')}`] as const
    const etcd = [`etcd:${one.endpoints}`, `etcd:${other.endpoints}`] as const
    await copy(kept[0], kept[1])
    await copy(kept[1], etcd[0])
    await copy(etcd[0], etcd[1])
    await copy(etcd[1], 'kubernetes:copy-one')
    await copy('kubernetes:copy-one', 'kubernetes:copy-two')
    await copy('kubernetes:copy-two', kept[2])
    await copy(kept[2], 'kubernetes:copy-three')
    const elsewhere = ['--storage-name', 'elsewhere']
    await copy('kubernetes:copy-three', etcd[0], ...elsewhere)
    await copy(etcd[0], kept[3], ...elsewhere)
    t.strictSame(await routesIn(disk('d')), routes)
  },
)

const ROUTES = 30

/** Makes a directory with routes, each with data of its own, of which one was in use later than it was added. */
async function fill(directory: string): Promise<readonly Route[]> {
  await mkdir(directory, { mode: 0o700 })
  const routes = Array.from({ length: ROUTES }, (_, index) => {
    const made = route(`/user/u${index}`)
    return { ...made, data: { ...made.data, user: `u${index}` }, added: 1_767_225_600 + index }
  })
  const active = { ...routes[0], lastActivity: new Date('2026-02-03T04:05:06.789Z') } as (typeof routes)[0]
  const store = await LmdbStore.open(directory, SILENT)
  await store.fill(routes)
  await store.storeActivity([active, ...routes.slice(1)], new Date('2026-02-01'))
  await store.close()
  return routesIn(directory)
}

async function routesIn(directory: string): Promise<readonly Route[]> {
  const store = await LmdbStore.open(directory, SILENT)
  const routes = await store.load()
  await store.close()
  return [...routes].sort((one, other) => (one.routespec < other.routespec ? -1 : 1))
}
