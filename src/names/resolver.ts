import { lookup } from 'node:dns/promises'
import type { Family } from './dns-client.js'
import { DnsClient } from './dns-client.js'
import type { ResolvConf, SystemFiles } from './system-files.js'
import { candidates, ParsedFile, parseHosts, parseResolvConf, SYSTEM_FILES } from './system-files.js'

/** Resolves host names. */
export interface HostResolver {
  /**
   * @param found called with all addresses so far, at least one: as soon as there are some, and again if there are more
   * @param thorough whether to query also an address family that recently had no addresses
   * @returns how many milliseconds the addresses are valid
   * @throws NameNotFoundError, or another error if there was no answer
   */
  resolve(host: string, found: (addresses: readonly string[]) => void, thorough: boolean): Promise<number>
  /** Whether all name servers seem to be dead. */
  readonly silent: boolean
  /** The full name under which a name was found in DNS. */
  fullName(host: string): string | undefined
  /** Takes over such a full name from an earlier run: it is queried first. */
  remember(host: string, fullName: string): void
  /** Called when a name is no longer in use. */
  forget(host: string): void
  close(): void
}

/** The name doesn't exist or has no address. */
export class NameNotFoundError extends Error {}

const FAMILIES: readonly Family[] = [4, 6]

/** What is remembered of a name in DNS. */
interface Memory {
  /** The full name under which it was found. */
  readonly fullName: string
  readonly found: Map<Family, readonly string[]>
  /** Until when a family need not be queried, on the clock of `performance.now()`. */
  readonly absentUntil: Map<Family, number>
}

/** How long the first answer is held back for that of the other family, as in RFC 8305, section 3. */
const OTHER_FAMILY_MS = 50

/** When a family is queried again that had no address, or no answer, while the other had. */
const ABSENT_MS = 900_000

/** The time to live of addresses from /etc/hosts and the system's other sources, which have none of their own. */
const SYSTEM_MS = 30_000

const NOTHING = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME'])

/**
 * Resolves as the C library does: /etc/hosts, then DNS with the search list of /etc/resolv.conf, then, only for names
 * that DNS doesn't have, the system's other sources (mDNS, LDAP and so on). Both files are read again when they have
 * changed. Unlike the C library it returns how long an answer is valid, needs no thread per query, and queries a name
 * only under the full name that it was found by.
 */
export class SystemResolver implements HostResolver {
  readonly #hosts: ParsedFile<ReadonlyMap<string, readonly string[]>>
  readonly #resolvConf: ParsedFile<ResolvConf>
  readonly #memories = new Map<string, Memory>()
  #servers: readonly string[] = []
  #dns = new DnsClient(['127.0.0.1'])

  constructor({ hosts, resolvConf }: SystemFiles = SYSTEM_FILES) {
    this.#hosts = new ParsedFile(hosts, parseHosts)
    this.#resolvConf = new ParsedFile(resolvConf, parseResolvConf)
  }

  async resolve(host: string, found: (addresses: readonly string[]) => void, thorough: boolean): Promise<number> {
    const inHosts = (await this.#hosts.read()).get(host.toLowerCase())
    if (inHosts !== undefined) {
      this.#memories.delete(host)
      found(inHosts)
      return SYSTEM_MS
    }
    const conf = await this.#resolvConf.read()
    this.#use(conf.servers)
    try {
      return await this.#inDns(host, conf, found, thorough)
    } catch (error) {
      if (!(error instanceof NameNotFoundError) || this.#memories.has(host)) throw error
      found(await elsewhere(host))
      return SYSTEM_MS
    }
  }

  fullName(host: string): string | undefined {
    return this.#memories.get(host)?.fullName
  }

  remember(host: string, fullName: string): void {
    this.#memories.set(host, nothingOf(fullName))
  }

  forget(host: string): void {
    this.#memories.delete(host)
  }

  get silent(): boolean {
    return this.#dns.silent
  }

  close(): void {
    this.#dns.close()
  }

  #use(servers: readonly string[]): void {
    if (servers === this.#servers) return
    this.#servers = servers
    this.#dns.close()
    this.#dns = new DnsClient(servers)
  }

  async #inDns(
    host: string,
    conf: ResolvConf,
    found: (addresses: readonly string[]) => void,
    thorough: boolean,
  ): Promise<number> {
    const names = candidates(host, conf)
    const memory = this.#memories.get(host)
    if (memory !== undefined && names.includes(memory.fullName)) {
      try {
        return await this.#ask(memory, found, thorough)
      } catch (error) {
        if (!(error instanceof NameNotFoundError)) throw error
      }
    }
    for (const fullName of names) {
      const next = nothingOf(fullName)
      try {
        const ms = await this.#ask(next, found, true)
        this.#memories.set(host, next)
        return ms
      } catch (error) {
        // Without an answer this may be the right name: the next candidate could be another host.
        if (!(error instanceof NameNotFoundError)) throw error
      }
    }
    throw new NameNotFoundError(`no name server knows ${host}`)
  }

  /** Queries both families at once. A family without an answer keeps its addresses. */
  async #ask(memory: Memory, found: (addresses: readonly string[]) => void, thorough: boolean): Promise<number> {
    const now = performance.now()
    const due = FAMILIES.filter((family) => thorough || (memory.absentUntil.get(family) ?? 0) <= now)
    const report = () => {
      const addresses = FAMILIES.flatMap((family) => memory.found.get(family) ?? [])
      if (addresses.length > 0) found(addresses)
    }
    let early: NodeJS.Timeout | undefined
    const goodFor = new Map<Family, number>()
    const asked = due.map(async (family) => {
      const { addresses, ms } = await this.#records(memory.fullName, family)
      if (addresses.length === 0) {
        memory.found.delete(family)
        return
      }
      memory.found.set(family, addresses)
      goodFor.set(family, ms)
      early ??= setTimeout(report, OTHER_FAMILY_MS)
    })
    try {
      await allDone(asked)
    } catch (error) {
      if (goodFor.size === 0) throw error
    } finally {
      clearTimeout(early)
    }
    if (goodFor.size === 0) throw new NameNotFoundError(`${memory.fullName} has no address`)
    for (const family of due) {
      if (goodFor.has(family)) memory.absentUntil.delete(family)
      else memory.absentUntil.set(family, now + ABSENT_MS)
    }
    report()
    return Math.min(...goodFor.values())
  }

  /** Possibly no addresses. @throws NameNotFoundError if the name has records of neither family */
  async #records(fullName: string, family: Family): Promise<{ addresses: readonly string[]; ms: number }> {
    try {
      const records = await this.#dns.addresses(fullName, family)
      return {
        addresses: records.map(({ address }) => address),
        ms: Math.min(...records.map(({ ttl }) => ttl)) * 1000,
      }
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      // Asked for AAAA, some servers wrongly answer this for a name that has IPv4 addresses.
      if (code === 'ENOTFOUND' && family === 4) throw new NameNotFoundError(`there is no ${fullName}`)
      if (NOTHING.has(code)) return { addresses: [], ms: 0 }
      throw error
    }
  }
}

function nothingOf(fullName: string): Memory {
  return { fullName, found: new Map(), absentUntil: new Map() }
}

/** Waits for all, or until one fails with a NameNotFoundError. @throws the first error */
async function allDone(asked: readonly Promise<void>[]): Promise<void> {
  const notFound = new Promise<never>((_resolve, reject) => {
    for (const one of asked) one.catch((error) => error instanceof NameNotFoundError && reject(error))
  })
  const answers = await Promise.race([Promise.allSettled(asked), notFound])
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
}

/** By the C library, which takes a thread per query; two run at a time. */
async function elsewhere(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    throw new NameNotFoundError((error as Error).message)
  }
}
