import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Route } from '../src/routing/route.js'
import type { OpenedStore } from '../src/routing/store.js'
import { EtcdStore } from '../src/store/etcd/store.js'
import { KubernetesStore } from '../src/store/kubernetes/store.js'
import { LmdbStore, ROUTES_FILE } from '../src/store/lmdb/store.js'
import type { SharedStore } from '../src/store/shared.js'
import { kubeApiServer } from '../test/helm/tools.js'
import { ApiServer } from '../test/kubernetes/api-server.js'
import { temporaryDirectory } from '../test/support/directory.js'
import { Etcd } from '../test/support/etcd.js'
import { Cleanup, SILENT } from './cleanup.js'
import { median, quantile } from './statistics.js'

/** How many changes are made one after the other. */
const CHANGES = 300

/** How many changes at a time fill a store. */
const AT_A_TIME = 500

/** How often a change is asked for that is answered with 503, and the pause before it is asked for again. */
const [TRIES, PAUSE_MS] = [50, 200]

export interface StoresBenchOptions {
  readonly stores: readonly string[]
  readonly sizes: readonly number[]
  readonly progress: (what: string) => void
}

interface Place {
  readonly open: () => Promise<OpenedStore>
  /** Bytes that the routes take, where that is known. */
  readonly size: () => Promise<number | undefined>
}

type Make = (t: Cleanup) => Promise<(set: string) => Promise<Place>>

const STORES: Readonly<Record<string, Make>> = {
  lmdb: async (t) => async () => {
    const directory = await temporaryDirectory(t)
    return {
      open: () => LmdbStore.open(directory, SILENT),
      size: async () => (await stat(join(directory, ROUTES_FILE))).size,
    }
  },
  'etcd-1': (t) => etcd(t, 1),
  'etcd-3': (t) => etcd(t, 3),
  kubernetes: async (t) => {
    const api = await ApiServer.start(t, await kubeApiServer(), { disk: 'durable' })
    await api.namespace('hub')
    return async (name) => {
      const account = await api.account('hub')
      return {
        open: () => KubernetesStore.open({ account, name, hostRouting: false, log: SILENT }),
        size: async () => undefined,
      }
    }
  },
}

async function etcd(t: Cleanup, members: number): ReturnType<Make> {
  const started = await Etcd.start(t, { members, isDurable: true })
  const { connection } = started
  return async (name) => ({
    open: () => EtcdStore.open({ connection, name, hostRouting: false, log: SILENT }),
    size: () => started.bytesInUse(),
  })
}

/** How long each store takes for what a proxy asks of it, as a table. */
export async function storesBench({ stores, sizes, progress }: StoresBenchOptions): Promise<string> {
  const rows = ['| store | routes | change, p50 / p99 | all added at once | load | size |', '|---|---|---|---|---|---|']
  for (const name of stores) {
    const make = STORES[name]
    if (make === undefined) throw new Error(`There is no store ${name}: ${Object.keys(STORES).join(', ')}`)
    const cleanup = new Cleanup()
    try {
      const placeOf = await make(cleanup)
      for (const size of sizes) {
        progress(`${name}, ${size} routes`)
        rows.push(`| ${name} | ${size} | ${await measured(await placeOf(`set-${size}`), size)} |`)
        console.error(rows.at(-1))
      }
    } finally {
      await cleanup.run()
    }
  }
  return rows.join('\n')
}

async function measured(place: Place, size: number): Promise<string> {
  const routes = Array.from({ length: size }, (_, index) => routeOf(index, 9))
  const first = await place.open()
  await first.load()
  let repeated = 0
  const filled = await msOf(async () => {
    for (let at = 0; at < size; at += AT_A_TIME) {
      const added = routes.slice(at, at + AT_A_TIME).map((route) => changeAtLast(first, route))
      for (const tries of await Promise.all(added)) repeated += tries - 1
    }
  })
  await first.close()
  let second = first
  const loaded = await msOf(async () => {
    second = await place.open()
    await second.load()
  })
  if ('members' in second) await (second as SharedStore).members.join({ id: `bench-${size}`, address: undefined })
  const times: number[] = []
  for (let index = 0; index < CHANGES; index += 1) {
    const route = routeOf((index * 7919) % size, 10 + index)
    times.push(await msOf(() => change(second, route, route.routespec)))
  }
  const bytes = await place.size()
  await second.close()
  const changed = `${median(times).toFixed(1)} / ${quantile(times, 0.99).toFixed(1)} ms`
  const added = repeated === 0 ? seconds(filled) : `${seconds(filled)}, ${repeated} asked again`
  return [changed, added, seconds(loaded), bytes === undefined ? '' : `${(bytes / 1e6).toFixed(1)} MB`].join(' | ')
}

/**
 * Adds a route, and asks again after a 503, as the hub does.
 *
 * @returns how often it was asked
 */
async function changeAtLast(store: OpenedStore, route: Route): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      await change(store, route, undefined)
      return tries
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 503 || tries === TRIES) throw error
      await delay(PAUSE_MS)
    }
  }
}

/** As the table writes it, with the list of members where there may be others. */
async function change(store: OpenedStore, after: Route, before: string | undefined): Promise<void> {
  const written = { key: after.routespec, before, after }
  await ('writeAmong' in store ? (store as SharedStore).writeAmong(written) : store.write(written))
}

function routeOf(index: number, port: number): Route {
  const data = { target: `http://10.0.${index >> 8}.${index & 255}:${port}`, user: `user-${index}`, jupyterhub: true }
  return { routespec: `/user/user-${index}`, data, lastActivity: new Date(), added: 1_767_225_600 }
}

async function msOf(task: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await task()
  return performance.now() - begun
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`
}
