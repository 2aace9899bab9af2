import { lookup } from 'node:dns/promises'
import type { Family } from './dns-client.js'
import { DnsClient } from './dns-client.js'
import type { ResolvConf, SystemFiles } from './system-files.js'
import { candidates, ParsedFile, parseHosts, parseResolvConf, SYSTEM_FILES } from './system-files.js'

/** Resolves host names. */
export interface HostResolver {
  /**
   * @param found called with all addresses so far, at least one: as soon as there are some, and again if there are others
   * @param thorough whether to ask also for what wasn't there a short time ago
   * @returns for how many milliseconds the addresses may be taken for true
   * @throws NameNotFoundError, or another error if nobody could tell
   */
  resolve(host: string, found: (addresses: readonly string[]) => void, thorough: boolean): Promise<number>
  /** Whether name servers seem to answer nobody. */
  readonly silent: boolean
  /** The full name that a name was found under, where that took a search. */
  fullName(host: string): string | undefined
  /** Such a full name of an earlier run, which is asked for first. */
  remember(host: string, fullName: string): void
  /** Nobody uses the name any longer. */
  forget(host: string): void
  close(): void
}

/** There is no such name, or it has no address. */
export class NameNotFoundError extends Error {}

const FAMILIES: readonly Family[] = [4, 6]

/** What is known of a name that DNS has. */
interface Memory {
  /** The full name under which it was found. */
  readonly fullName: string
  readonly found: Map<Family, readonly string[]>
  /** Until when there is no need to ask for a family, on the clock of `performance.now()`. */
  readonly absentUntil: Map<Family, number>
}

/** For how long what comes first is held back for the other family, as in RFC 8305, section 3. */
const OTHER_FAMILY_MS = 50

/** When a family is asked for again that had no address, or no answer, while the other had. */
const ABSENT_MS = 900_000

/** What hosts and the system's other sources say has no time to live. */
const SYSTEM_MS = 30_000

const NOTHING = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME'])

/**
 * Resolves as the C library does: /etc/hosts, then DNS with the search list of /etc/resolv.conf, then whatever else
 * the system knows (mDNS, LDAP and so on), which is asked only for names that DNS doesn't have. Both files are read again
 * when they have changed. Unlike the C library it tells how long an answer is good for, needs no thread for each question,
 * and asks for a name only once under the full name that it was found by.
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
        // With no answer it may be the one: another in its place would be another host.
        if (!(error instanceof NameNotFoundError)) throw error
      }
    }
    throw new NameNotFoundError(`no name server knows ${host}`)
  }

  /** Asks for both families at once. One that leaves the question unanswered keeps what it had. */
  async #ask(memory: Memory, found: (addresses: readonly string[]) => void, thorough: boolean): Promise<number> {
    const now = performance.now()
    const due = FAMILIES.filter((family) => thorough || (memory.absentUntil.get(family) ?? 0) <= now)
    const tell = () => {
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
      early ??= setTimeout(tell, OTHER_FAMILY_MS)
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
    tell()
    return Math.min(...goodFor.values())
  }

  /** None if there are none. @throws NameNotFoundError if there is no such name, whatever the family */
  async #records(fullName: string, family: Family): Promise<{ addresses: readonly string[]; ms: number }> {
    try {
      const records = await this.#dns.addresses(fullName, family)
      return {
        addresses: records.map(({ address }) => address),
        ms: Math.min(...records.map(({ ttl }) => ttl)) * 1000,
      }
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      // Some servers say so of names that have addresses of the other family, wrongly, when asked for AAAA.
      if (code === 'ENOTFOUND' && family === 4) throw new NameNotFoundError(`there is no ${fullName}`)
      if (NOTHING.has(code)) return { addresses: [], ms: 0 }
      throw error
    }
  }
}

function nothingOf(fullName: string): Memory {
  return { fullName, found: new Map(), absentUntil: new Map() }
}

/** Waits for all, but no longer than until one says that there is no such name. @throws the first error */
async function allDone(asked: readonly Promise<void>[]): Promise<void> {
  const notFound = new Promise<never>((_resolve, reject) => {
    for (const one of asked) one.catch((error) => error instanceof NameNotFoundError && reject(error))
  })
  const answers = await Promise.race([Promise.allSettled(asked), notFound])
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
}

/** By the C library, which has a thread for each of two questions at a time. */
async function elsewhere(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    throw new NameNotFoundError((error as Error).message)
  }
}
