import type { Logger } from '../platform/log.js'
import type { OpenedStore } from '../routing/store.js'
import { loadChpBackend } from './chp/module.js'
import type { StateDirKey } from './directory/state-dir.js'
import { openStateDir, possibleStateDirs } from './directory/state-dir.js'
import { findAccount, requireAccount } from './kubernetes/account.js'
import { LmdbStore, removeRoutes } from './lmdb/store.js'
import { MemoryStore } from './memory.js'

export interface OpenStoreOptions {
  /**
   * `lmdb` stores routes on disk, `kubernetes` in ConfigMaps, `memory` in this process; anything else is the name or path
   * of a Node.js module that exports a storage class of CHP. Undefined for the one that suits the place.
   */
  readonly backend: string | undefined
  /** The name of the routes in a store that has several such sets. */
  readonly name: string
  /** The directory to store them in; undefined for the default one of the public address. */
  readonly stateDir: string | undefined
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
  const { backend = await suitableBackend(options), stateDir, defaultTarget, hostRouting, log } = options
  if (backend === 'memory') return new MemoryStore()
  if (backend === 'kubernetes') {
    // Its client is not loaded where it isn't used.
    const { KubernetesStore } = await import('./kubernetes/store.js')
    return KubernetesStore.open({ ...options, account: await requireAccount(options.env) })
  }
  if (backend !== 'lmdb') return loadChpBackend(backend, { defaultTarget, hostRouting, storageBackend: backend, log })
  const warn = (message: string) => log.warn(message)
  const directory = await openStateDir({ ...options, explicit: stateDir, warn })
  return LmdbStore.open(directory, log, stateDir === undefined)
}

/**
 * In a pod the disk ends with the pod, unless --state-dir names a volume. The Kubernetes API is there anyway.
 *
 * @throws FatalError if the pod's ServiceAccount can't be read
 */
async function suitableBackend({ stateDir, env, log }: OpenStoreOptions): Promise<'kubernetes' | 'lmdb'> {
  const account = stateDir === undefined ? await findAccount(env) : undefined
  if (account === undefined) return 'lmdb'
  const { whyUnusable } = await import('./kubernetes/rights.js')
  const reason = await whyUnusable(account)
  if (reason === undefined) {
    log.info("The pod's ServiceAccount may keep routes in ConfigMaps, so they are kept there")
    return 'kubernetes'
  }
  log.info(`Routes end with this pod: they are not kept in Kubernetes, since ${reason}. See docs/kubernetes.md`)
  return 'lmdb'
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
