import type { Logger } from '../log.js'
import type { RouteStore } from '../routing/route.js'
import { loadChpBackend } from './chp-module.js'
import { MemoryStore } from './memory.js'

export interface StoreOptions {
  /** `memory`, or the name or path of a Node.js module whose export is a storage class of CHP. */
  readonly backend: string
  readonly defaultTarget: string | undefined
  readonly hostRouting: boolean
  readonly log: Logger
}

/** @throws FatalError if there is no such store or it can't be used */
export async function openStore(options: StoreOptions): Promise<RouteStore> {
  const { backend, ...rest } = options
  return backend === 'memory' ? new MemoryStore() : loadChpBackend(backend, { ...rest, storageBackend: backend })
}
