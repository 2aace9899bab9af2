import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import type { OpenedStore } from '../../routing/store.js'
import type { ChpBackend } from './backend.js'
import { firstLine } from './backend.js'
import { ChpModuleStore } from './store.js'

/** The options that a storage class gets, as in CHP, without the token and keys. */
export interface ChpOptions {
  readonly storageBackend: string
  readonly defaultTarget: string | undefined
  readonly hostRouting: boolean
  readonly log: Logger
}

const METHODS = ['getAll', 'add', 'update', 'remove'] as const

/**
 * Makes a store from a module that was written for CHP's --storage-backend. It is looked up from the working directory,
 * then from this package.
 *
 * @throws FatalError if there is no such module or it is not a storage backend
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
