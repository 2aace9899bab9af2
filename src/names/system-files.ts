import type { BigIntStats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'

/** The files that define how the system resolves host names. */
export interface SystemFiles {
  readonly hosts: string
  readonly resolvConf: string
}

export const SYSTEM_FILES: SystemFiles = { hosts: '/etc/hosts', resolvConf: '/etc/resolv.conf' }

/** The content of resolv.conf(5). */
export interface ResolvConf {
  readonly servers: readonly string[]
  /** Domains that short names are tried in. */
  readonly search: readonly string[]
  /** A name with fewer dots is short. */
  readonly ndots: number
}

/** A file that is parsed again when it has changed; a missing one counts as empty. */
export class ParsedFile<T> {
  readonly #path: string
  readonly #parse: (text: string) => T
  #state: string | undefined
  #value: T

  constructor(path: string, parse: (text: string) => T) {
    this.#path = path
    this.#parse = parse
    this.#value = parse('')
  }

  /** The current content. If the file can't be read, the last one. */
  async read(): Promise<T> {
    const state = await stateOf(this.#path)
    if (state === this.#state) return this.#value
    try {
      this.#value = this.#parse(await readFile(this.#path, 'utf8'))
      this.#state = state
    } catch {
      if (state === MISSING) this.#value = this.#parse('')
    }
    return this.#value
  }
}

const MISSING = 'missing'

function stateOf(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) => [dev, ino, size, mtimeNs, ctimeNs].join(':'),
    () => MISSING,
  )
}

/** The addresses of each name in a hosts(5) file, in the file's order. */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>()
  for (const [address = '', ...names] of words(text)) {
    // Envoy accepts no address with a zone.
    if (isIP(address) === 0 || address.includes('%')) continue
    for (const name of names) {
      const key = name.toLowerCase()
      const addresses = hosts.get(key) ?? []
      if (!addresses.includes(address)) hosts.set(key, [...addresses, address])
    }
  }
  return hosts
}

/** A higher `ndots` counts as this, as in the C library. */
const MOST_NDOTS = 15

export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = []
  let search: string[] = []
  let ndots = 1
  for (const [keyword, ...values] of words(text)) {
    switch (keyword) {
      case 'nameserver':
        if (values[0] !== undefined && isIP(values[0]) !== 0) servers.push(values[0])
        break
      case 'search':
      case 'domain':
        // The last of these lines counts.
        search = values.map((domain) => domain.replace(/\.$/, '')).filter((domain) => domain !== '')
        break
      case 'options':
        for (const option of values) {
          const found = /^ndots:(\d+)$/.exec(option)
          if (found !== null) ndots = Math.min(Number(found[1]), MOST_NDOTS)
        }
        break
    }
  }
  return { servers: servers.length > 0 ? servers : ['127.0.0.1'], search, ndots }
}

function words(text: string): string[][] {
  return text.split('\n').map((line) =>
    line
      .replace(/[#;].*/, '')
      .split(/\s+/)
      .filter(Boolean),
  )
}

/** The full names that a name may stand for, in the order to try them. */
export function candidates(host: string, { search, ndots }: ResolvConf): string[] {
  if (host.endsWith('.')) return [host]
  const within = search.map((domain) => `${host}.${domain}`)
  const dots = host.split('.').length - 1
  return dots >= ndots ? [host, ...within] : [...within, host]
}
