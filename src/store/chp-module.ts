import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FatalError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Route, RouteData } from '../routing/route.js'
import { parseTarget } from '../routing/target.js'
import type { OpenedStore } from './opened.js'

/** As much of a storage class of CHP as is used here. It has `get` and `getTarget` too, which Envoy's lookup replaces. */
export interface ChpBackend {
  /** The data of all routes, by path. */
  getAll(): Promise<Readonly<Record<string, unknown>>>
  add(path: string, data: object): Promise<unknown>
  /** Changes some fields of what was added. */
  update(path: string, data: object): Promise<unknown>
  remove(path: string): Promise<unknown>
}

/** What a storage class is made with, as CHP makes it; the token and keys are left out. */
export interface ChpOptions {
  readonly storageBackend: string
  readonly defaultTarget: string | undefined
  readonly hostRouting: boolean
  readonly log: Logger
}

const METHODS = ['getAll', 'add', 'update', 'remove'] as const

/** How long a backend may take to tell what is stored: one that can't reach its server may try for ever. */
const LOAD_LIMIT_MS = 8_000

/**
 * Makes a store of a module that was written for CHP's --storage-backend. It is looked for from the working directory,
 * then beside this package.
 *
 * @throws FatalError if there is no such module or it is no storage backend
 */
export async function loadChpBackend(name: string, options: ChpOptions): Promise<OpenedStore> {
  try {
    const Backend = classOf(await import(pathToFileURL(resolveModule(name)).href))
    return new ChpModuleStore(name, checked(new Backend(options)), options.log)
  } catch (error) {
    throw new FatalError(`--storage-backend ${name} can't be used: ${firstLine(error)}`)
  }
}

function resolveModule(name: string): string {
  for (const from of [join(process.cwd(), 'from-here'), import.meta.url]) {
    try {
      return createRequire(from).resolve(name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  throw new Error(`there is no such module. Install it in ${process.cwd()} or give its path.`)
}

/** `module.exports`, or the default export. */
function classOf(module: { default?: unknown }): new (options: object) => unknown {
  const exported = (module.default as { default?: unknown } | undefined)?.default ?? module.default
  if (typeof exported !== 'function') throw new Error('it must export a class, as module.exports or as its default.')
  return exported as new (
    options: object,
  ) => unknown
}

function checked(backend: unknown): ChpBackend {
  const missing = METHODS.find((method) => typeof (backend as Record<string, unknown>)[method] !== 'function')
  if (missing !== undefined) throw new Error(`it has no method ${missing}.`)
  return backend as ChpBackend
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}

/** Keeps routes as CHP would have them kept: what it has stored is found again, and what is stored here CHP finds. */
class ChpModuleStore implements OpenedStore {
  readonly isDurable = true
  readonly isNew = false
  readonly #name: string
  readonly #backend: ChpBackend
  readonly #log: Logger

  constructor(name: string, backend: ChpBackend, log: Logger) {
    this.#name = name
    this.#backend = backend
    this.#log = log
  }

  async load(): Promise<readonly Route[]> {
    const stored = await this.#getAll()
    return Object.entries(stored).flatMap(([path, data]) => {
      try {
        return [toRoute(path, data)]
      } catch (error) {
        this.#log.warn(`--storage-backend ${this.#name}: left out what is stored for ${path}: ${firstLine(error)}`)
        return []
      }
    })
  }

  async #getAll(): Promise<Readonly<Record<string, unknown>>> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${LOAD_LIMIT_MS / 1000} s`)), LOAD_LIMIT_MS)
    })
    try {
      return (await Promise.race([this.#backend.getAll(), late])) ?? {}
    } catch (error) {
      throw new FatalError(`--storage-backend ${this.#name}: the stored routes can't be read: ${firstLine(error)}`)
    } finally {
      clearTimeout(timer)
    }
  }

  /** In two steps, as CHP does: a backend may expect `last_activity` nowhere else. */
  async put({ routespec, data, lastActivity }: Route, replaced?: string): Promise<void> {
    await this.#backend.add(routespec, { ...data })
    await this.#backend.update(routespec, { last_activity: lastActivity })
    if (replaced !== undefined) await this.#backend.remove(replaced)
  }

  async delete(routespec: string): Promise<void> {
    await this.#backend.remove(routespec)
  }

  async close(): Promise<void> {}

  async discard(): Promise<void> {}
}

/** @throws Error if it is no route that can be served */
function toRoute(path: string, stored: unknown): Route {
  const { last_activity: lastActivity, ...data } = Object(stored) as Record<string, unknown>
  if (typeof data.target !== 'string') throw new Error('it has no target')
  parseTarget(data.target)
  const at = new Date((lastActivity as string | Date | undefined) ?? Number.NaN)
  return {
    routespec: `/${path.replace(/^\/+|\/+$/g, '')}`,
    data: data as RouteData,
    // CHP writes it a moment after the rest; it may not have come that far.
    lastActivity: Number.isNaN(at.getTime()) ? new Date() : at,
  }
}
