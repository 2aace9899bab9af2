import type { HostResolver } from '../../src/names/resolver.js'

/** Name servers that do as a test says, and count what they are asked. */
export class TestResolver implements HostResolver {
  readonly names = new Map<string, readonly string[]>()
  readonly asked: Array<{ readonly host: string; readonly thorough: boolean }> = []
  readonly forgotten: string[] = []
  ttlSeconds = 300
  silent = false
  /** Leaves questions unanswered until {@link answerAll}. */
  hangs = false
  #open: Array<() => void> = []

  async resolve(host: string, found: (addresses: readonly string[]) => void, thorough: boolean): Promise<number> {
    this.asked.push({ host, thorough })
    const addresses = this.names.get(host)
    if (this.hangs) await new Promise<void>((resolve) => this.#open.push(resolve))
    if (addresses === undefined) throw new Error(`nobody knows ${host}`)
    found(addresses)
    return this.ttlSeconds * 1_000
  }

  answerAll(): void {
    for (const answer of this.#open.splice(0)) answer()
  }

  fullName(): undefined {}

  remember(): void {}

  forget(host: string): void {
    this.forgotten.push(host)
  }

  close(): void {}
}
