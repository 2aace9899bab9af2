import { FatalError } from '../../platform/fatal-error.js'
import type { Logger, PlainLog } from '../../platform/log.js'
import type { OpenedStore } from '../../routing/store.js'
import { loadChpBackend } from '../chp/module.js'
import type { StateDirKey } from '../directory/state-dir.js'
import { openStateDir, possibleStateDirs } from '../directory/state-dir.js'
import type { EtcdConnection } from '../etcd/endpoints.js'
import { findAccount, requireAccount } from '../kubernetes/account.js'
import { LmdbStore, removeRoutes } from '../lmdb/store.js'
import { MemoryStore } from '../memory.js'
import type { SharedStore } from '../shared.js'
import { takeLocalRoutes } from './local-routes.js'

export interface OpenStoreOptions {
  /**
   * `lmdb` stores routes on disk, `kubernetes` in ConfigMaps, `etcd` in keys of it, `memory` in this process; anything
   * else is the name or path of a Node.js module that exports a storage class of CHP. Undefined for the one that suits
   * the place.
   */
  readonly backend: string | undefined
  /** The name of the routes in a store that has several such sets. */
  readonly name: string
  /** The directory to store them in; undefined for the default one of the public address. */
  readonly stateDir: string | undefined
  /** How etcd is reached, if it is the backend. */
  readonly etcd: EtcdConnection | undefined
  readonly publicAddress: string
  readonly env: NodeJS.ProcessEnv
  /** Whether other users may run programs on this machine. */
  readonly isShared: boolean
  readonly defaultTarget: string | undefined
  readonly hostRouting: boolean
  readonly log: Logger
}

/** @throws FatalError if there is no such store or it can't be used */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  const { stateDir, defaultTarget, hostRouting, log } = options
  const { backend, why } = await chooseBackend(options)
  if (why !== undefined) log.info(why)
  if (backend === 'memory') return new MemoryStore()
  if (isShared(backend)) {
    const store = await openShared(backend, options)
    await takeLocalRoutes(store, { ...options, explicit: stateDir }, log).catch(async (error) => {
      await store.close()
      throw error
    })
    return store
  }
  if (backend !== 'lmdb') return loadChpBackend(backend, { defaultTarget, hostRouting, storageBackend: backend, log })
  const warn = (message: string) => log.warn(message)
  const directory = await openStateDir({ ...options, explicit: stateDir, warn })
  return LmdbStore.open(directory, log, stateDir === undefined)
}

/** What to open, and why, to be logged; undefined if an option says it or there is no choice. */
export interface ChosenBackend {
  readonly backend: string
  readonly why: string | undefined
}

/**
 * In a pod the disk ends with the pod, unless --state-dir names a volume. The Kubernetes API is there anyway.
 *
 * @throws FatalError if the pod's ServiceAccount can't be read
 */
export async function chooseBackend({
  backend,
  stateDir,
  env,
}: Pick<OpenStoreOptions, 'backend' | 'stateDir' | 'env'>): Promise<ChosenBackend> {
  if (backend !== undefined) return { backend, why: undefined }
  const account = stateDir === undefined ? await findAccount(env) : undefined
  if (account === undefined) return { backend: 'lmdb', why: undefined }
  const { whyUnusable } = await import('../kubernetes/rights.js')
  const reason = await whyUnusable(account)
  return reason === undefined
    ? { backend: 'kubernetes', why: "The pod's ServiceAccount may keep routes in ConfigMaps, so they are kept there" }
    : {
        backend: 'lmdb',
        why: `Routes end with this pod: they are not kept in Kubernetes, since ${reason}. See docs/kubernetes.md`,
      }
}

/** The stores that several control planes may write to. */
const SHARED_BACKENDS = ['kubernetes', 'etcd'] as const
export type SharedBackend = (typeof SHARED_BACKENDS)[number]

export function isShared(backend: string): backend is SharedBackend {
  return (SHARED_BACKENDS as readonly string[]).includes(backend)
}

export type OpenSharedOptions = Pick<OpenStoreOptions, 'name' | 'hostRouting' | 'env' | 'etcd'> & {
  readonly log: PlainLog
}

/** @throws FatalError if it can't be used */
export async function openShared(backend: SharedBackend, options: OpenSharedOptions): Promise<SharedStore> {
  // The client of a store is not loaded where it isn't used.
  if (backend === 'kubernetes') {
    const { KubernetesStore } = await import('../kubernetes/store.js')
    return KubernetesStore.open({ ...options, account: await requireAccount(options.env) })
  }
  const { etcd: connection } = options
  if (connection === undefined) throw new FatalError('--storage-backend etcd needs --etcd-endpoints.')
  const { EtcdStore } = await import('../etcd/store.js')
  return EtcdStore.open({ ...options, connection })
}

/**
 * Removes the routes that a proxy has stored on disk.
 *
 * @returns what was done, in a sentence
 * @throws FatalError if a running proxy uses them or they can't be removed
 */
export async function forgetRoutes(key: StateDirKey): Promise<string> {
  const removed: string[] = []
  for (const directory of await possibleStateDirs(key)) if (await removeRoutes(directory)) removed.push(directory)
  return removed.length === 0
    ? 'There are no routes to remove: none are kept on disk for these options'
    : `Removed the routes in ${removed.join(' and ')}`
}
