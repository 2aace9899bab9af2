import { readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Logger } from '../platform/log.js'
import type { KnownHost } from './address-book.js'

/** The file in the state directory. */
export const ADDRESS_FILE = 'addresses.json'

/**
 * The delay before it is written after a change, and how often it is written otherwise: the expiry times always change.
 */
const SOON_MS = 500
const EVERY_MS = 60_000

/**
 * The addresses that the last run stored; none if they can't be read, since they can be resolved again.
 *
 * @param directory see OpenedStore
 */
export async function readAddresses(directory: string, log: Logger): Promise<Map<string, KnownHost>> {
  const path = join(directory, ADDRESS_FILE)
  try {
    return new Map(Object.entries(parse(await readFile(path, 'utf8'))))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') log.warn(`${path} can't be read, so all host names are resolved again: ${message}`)
    return new Map()
  }
}

function parse(text: string): Record<string, KnownHost> {
  const hosts: unknown = JSON.parse(text)
  if (typeof hosts !== 'object' || hosts === null) throw new Error('it contains no host names')
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
  /** Called when addresses have changed. */
  changed(): void
  /** Writes one last time. */
  close(): Promise<void>
}

/** Stores the known addresses: soon after a change, and regularly. */
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
      log.warn(`Could not store the addresses of host names for the next start: ${(error as Error).message}`)
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
