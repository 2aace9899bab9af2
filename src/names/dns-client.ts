import type { RecordWithTtl } from 'node:dns'
import { Resolver } from 'node:dns/promises'

export type Family = 4 | 6

/** When a query is sent, and sent again, in milliseconds from its start. */
const ASKED_AT_MS = [0, 1_500, 3_000, 4_500] as const

/** When it counts as unanswered. */
const LIMIT_MS = 8_000

/** If no name server answers within this time, all seem to be dead. A slow one takes some seconds. */
const SILENT_MS = 6_000

const UNANSWERED = new Set(['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED'])

/** No name server answered a query. */
export class UnansweredError extends Error {}

/**
 * Queries name servers. A query without an answer is repeated, to the next server if there is one, while a late answer
 * to the first is still accepted: so neither a lost packet nor a slow or dead server does harm. c-ares by itself would
 * shorten its timeout to a multiple of a server's usual response time, and drop later answers.
 */
export class DnsClient {
  readonly #servers: readonly string[]
  /** The index of the server that answered last. */
  #preferred = 0
  readonly #open = new Set<Resolver>()
  #answeredAt = performance.now()
  #silent = false

  /** @param servers at least one IP address */
  constructor(servers: readonly string[]) {
    this.#servers = servers
  }

  /** Whether all servers seem to be dead. */
  get silent(): boolean {
    return this.#silent
  }

  /**
   * The addresses of one family. @throws UnansweredError, or an error of `node:dns` with what was answered, such as
   * ENOTFOUND
   */
  async addresses(fullName: string, family: Family): Promise<readonly RecordWithTtl[]> {
    const begun = performance.now()
    const noticeSilence = () => {
      if (this.#answeredAt < begun) this.#silent = true
    }
    const late = setTimeout(noticeSilence, SILENT_MS).unref()
    try {
      const records = await this.#firstAnswer(fullName, family)
      this.#answered()
      return records
    } catch (error) {
      if (error instanceof UnansweredError) noticeSilence()
      else this.#answered()
      throw error
    } finally {
      clearTimeout(late)
    }
  }

  close(): void {
    for (const resolver of this.#open) resolver.cancel()
  }

  async #firstAnswer(fullName: string, family: Family): Promise<readonly RecordWithTtl[]> {
    const own = new Set<Resolver>()
    const timers: NodeJS.Timeout[] = []
    try {
      return await new Promise((resolve, reject) => {
        let waiting = 0
        let left = ASKED_AT_MS.length
        const first = this.#preferred
        for (const [turn, at] of ASKED_AT_MS.entries()) {
          const attempt = async () => {
            waiting += 1
            left -= 1
            const resolver = this.#resolver(first + turn, LIMIT_MS - at)
            own.add(resolver)
            try {
              const options = { ttl: true } as const
              const records = family === 4 ? resolver.resolve4(fullName, options) : resolver.resolve6(fullName, options)
              resolve(await records)
              this.#preferred = (first + turn) % this.#servers.length
            } catch (error) {
              const { code = '' } = error as NodeJS.ErrnoException
              if (!UNANSWERED.has(code)) reject(error)
              waiting -= 1
              // A refused connection means that no server listens: waiting longer would not help.
              const over = waiting === 0 && (left === 0 || code === 'ECONNREFUSED')
              if (over) reject(new UnansweredError(`no name server answered a query for ${fullName}`))
            }
          }
          if (at === 0) void attempt()
          else timers.push(setTimeout(() => void attempt(), at))
        }
      })
    } finally {
      for (const timer of timers) clearTimeout(timer)
      for (const resolver of own) {
        resolver.cancel()
        this.#open.delete(resolver)
      }
    }
  }

  /** A new one for each query, so that c-ares remembers nothing of earlier ones. */
  #resolver(first: number, timeout: number): Resolver {
    const resolver = new Resolver({ timeout, tries: 1 })
    const at = first % this.#servers.length
    resolver.setServers([...this.#servers.slice(at), ...this.#servers.slice(0, at)])
    this.#open.add(resolver)
    return resolver
  }

  #answered(): void {
    this.#answeredAt = performance.now()
    this.#silent = false
  }
}
