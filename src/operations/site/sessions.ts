import { createHash, randomBytes } from 'node:crypto'

/** How long a session lasts, in milliseconds: a shift. */
export const SESSION_MS = 12 * 3_600_000

/** Admins are few. One that loses its session to the limit is asked for the token again. */
export const MAX_SESSIONS = 100

/**
 * Who has shown the token to the status page. Sessions are in memory only: a stolen cookie is worth nothing after a
 * restart, and nothing in it can be used to guess the token.
 */
export class Sessions {
  /** When each ends, by the digest of its id, the oldest first. The time of a lookup tells nothing about an id. */
  readonly #ends = new Map<string, number>()
  readonly #now: () => number

  /** @param now the time in milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Begins a session and returns its id. If there are too many, the oldest one ends. */
  begin(): string {
    this.#endOld()
    const id = randomBytes(32).toString('base64url')
    this.#ends.set(digest(id), this.#now() + SESSION_MS)
    return id
  }

  has(id: string | undefined): boolean {
    return id !== undefined && (this.#ends.get(digest(id)) ?? 0) > this.#now()
  }

  end(id: string | undefined): void {
    if (id !== undefined) this.#ends.delete(digest(id))
  }

  #endOld(): void {
    for (const [key, end] of this.#ends) {
      if (end > this.#now() && this.#ends.size < MAX_SESSIONS) return
      this.#ends.delete(key)
    }
  }
}

function digest(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}
