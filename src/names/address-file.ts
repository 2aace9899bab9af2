import { readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Logger } from '../platform/log.js'
import type { KnownHost } from './address-book.js'

/** The file in the state directory. */
export const ADDRESS_FILE = 'addresses.json'

/** When it is written after a change, and how often besides: how long addresses are good for changes all the time. */
const SOON_MS = 500
const EVERY_MS = 60_000

/**
 * The addresses that were known at the end of the last run; none if nobody can tell, since they can be had again.
 *
 * @param directory see OpenedStore
 */
export async function readAddresses(directory: string, log: Logger): Promise<Map<string, KnownHost>> {
  const path = join(directory, ADDRESS_FILE)
  try {
    return new Map(Object.entries(parse(await readFile(path, 'utf8'))))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') log.warn(`${path} can't be read, so all host names are resolved anew: ${message}`)
    return new Map()
  }
}

function parse(text: string): Record<string, KnownHost> {
  const hosts: unknown = JSON.parse(text)
  if (typeof hosts !== 'object' || hosts === null) throw new Error('it holds no host names')
  for (const [host, known] of Object.entries(hosts)) {
    const { addresses, until, fullName = '' } = (known ?? {}) as Partial<KnownHost>
    const good = Array.isArray(addresses) && addresses.length > 0 && addresses.every((one) => isIP(String(one)) !== 0)
    if (!good || typeof until !== 'number' || typeof fullName !== 'string')
      throw new Error(`it has no addresses for ${JSON.stringify(host)}`)
  }
  return hosts as Record<string, KnownHost>
}

export interface KeepAddressesOptions {
  readonly directory: string
  readonly all: () => Iterable<[host: string, known: KnownHost]>
  readonly log: Logger
}

export interface AddressKeeper {
  /** Something has changed that the next start should know. */
  changed(): void
  /** Writes for the last time. */
  close(): Promise<void>
}

/** Writes down what is known: soon after a change, and now and then. */
export function keepAddresses({ directory, all, log }: KeepAddressesOptions): AddressKeeper {
  const path = join(directory, ADDRESS_FILE)
  let written = '{}'
  let soon: NodeJS.Timeout | undefined
  const write = async () => {
    soon = undefined
    const text = JSON.stringify(Object.fromEntries(all()))
    if (text === written) return
    try {
      await writeFile(`${path}.new`, text, { mode: 0o600 })
      await rename(`${path}.new`, path)
      written = text
    } catch (error) {
      log.warn(`The addresses of host names are not kept for the next start: ${(error as Error).message}`)
    }
  }
  let last = Promise.resolve()
  const next = () => {
    last = last.then(write)
    return last
  }
  const timer = setInterval(next, EVERY_MS).unref()
  return {
    changed: () => {
      soon ??= setTimeout(next, SOON_MS).unref()
    },
    close: () => {
      clearInterval(timer)
      clearTimeout(soon)
      return next()
    },
  }
}
