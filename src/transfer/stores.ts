import { resolve } from 'node:path'
import { FatalError } from '../platform/fatal-error.js'
import type { Logger, PlainLog } from '../platform/log.js'
import type { Route } from '../routing/route.js'
import { routeKey } from '../routing/routespec.js'
import type { OpenedStore } from '../routing/store.js'
import type { EtcdOptions } from '../settings/etcd.js'
import { readEtcd } from '../settings/etcd.js'
import { isSharedMachine } from '../settings/machine.js'
import { readStorageName } from '../settings/store.js'
import { openStateDir } from '../store/directory/state-dir.js'
import { readKept } from '../store/lmdb/read-kept.js'
import { LmdbStore } from '../store/lmdb/store.js'
import type { OpenSharedOptions, SharedBackend } from '../store/open/open.js'
import { isShared, openShared } from '../store/open/open.js'

/** What a store is opened with, beside what names it. */
export interface StoreContext {
  readonly options: EtcdOptions & { readonly storageName: string; readonly hostRouting?: boolean | undefined }
  readonly env: NodeJS.ProcessEnv
  readonly log: Logger
}

/** A store whose routes are copied, or that gets them. */
export interface NamedStore {
  /** As it was named. */
  readonly name: string
  /** All routes, read anew; undefined if no proxy has used it yet. @throws FatalError if they can't be read */
  read(): Promise<readonly Route[] | undefined>
  /** Adds routes and replaces those that are there. @throws an error if not all could be stored */
  add(routes: readonly Route[]): Promise<void>
}

const FORMS = 'Write lmdb:DIRECTORY, kubernetes, kubernetes:NAME or etcd:https://HOST:2379,...'

/** @throws FatalError if the text names no store, or it can't be used */
export async function storeNamed(flag: string, text: string, context: StoreContext): Promise<NamedStore> {
  const [backend = '', rest] = splitOnce(text)
  if (backend === 'lmdb' && rest) return new LmdbDirectory(text, resolve(rest), context)
  if (!isShared(backend) || (backend === 'etcd' && !rest)) throw new FatalError(`${flag} ${text} is no store. ${FORMS}`)
  const { options, env, log } = context
  const etcd = backend === 'etcd' ? await readEtcd({ ...options, etcdEndpoints: rest ?? '' }, env) : undefined
  const name = backend === 'kubernetes' && rest ? nameIn(flag, text, rest) : options.storageName
  const { hostRouting = false } = options
  return new SharedNamed(text, backend, { name, etcd, hostRouting, env, log: log as PlainLog })
}

/** @throws FatalError if it is no name */
function nameIn(flag: string, text: string, name: string): string {
  try {
    return readStorageName(name)
  } catch (error) {
    throw new FatalError(`${flag} ${text} is no store. ${(error as Error).message}`)
  }
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf(':')
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

class LmdbDirectory implements NamedStore {
  readonly name: string
  readonly #directory: string
  readonly #context: StoreContext

  constructor(name: string, directory: string, context: StoreContext) {
    this.name = name
    this.#directory = directory
    this.#context = context
  }

  read(): Promise<readonly Route[] | undefined> {
    return readKept(this.#directory, this.#context.log)
  }

  async add(routes: readonly Route[]): Promise<void> {
    const { log, env, options } = this.#context
    const key = { explicit: this.#directory, publicAddress: '', env, isShared: isSharedMachine() }
    const directory = await openStateDir({ ...key, warn: (message) => log.warn(message) })
    await using(await LmdbStore.open(directory, log), async (store) => {
      const found = await store.load()
      if (found.length === 0) return store.fill(routes)
      const keyOf = ({ routespec }: Route) => routeKey(routespec, options.hostRouting ?? false)
      const before = new Map(found.map((route) => [keyOf(route), route.routespec]))
      await Promise.all(
        routes.map((after) => store.write({ key: keyOf(after), before: before.get(keyOf(after)), after })),
      )
    })
  }
}

class SharedNamed implements NamedStore {
  readonly name: string
  readonly #backend: SharedBackend
  readonly #options: OpenSharedOptions

  constructor(name: string, backend: SharedBackend, options: OpenSharedOptions) {
    this.name = name
    this.#backend = backend
    this.#options = options
  }

  async read(): Promise<readonly Route[] | undefined> {
    return using(await openShared(this.#backend, this.#options), async (store) => {
      const routes = await store.load()
      return routes.length > 0 || (await store.hasBegun()) ? routes : undefined
    })
  }

  async add(routes: readonly Route[]): Promise<void> {
    await using(await openShared(this.#backend, this.#options), async (store) => {
      await store.load()
      await store.fill(routes)
      // Otherwise the next start would add what it finds on its disk.
      await store.begin()
    })
  }
}

async function using<Store extends OpenedStore, T>(store: Store, task: (store: Store) => Promise<T>): Promise<T> {
  try {
    return await task(store)
  } finally {
    await store.close()
  }
}
