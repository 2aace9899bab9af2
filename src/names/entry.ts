/** What the address book knows of one host name. */
export interface Entry {
  addresses: readonly string[]
  until: number
  /** When it was asked for last. */
  askedAt: number
  /** Which question the addresses are from, and which was the last: a late answer takes no newer one's place. */
  answered: number
  asked: number
  /** Of the last question: settles when there are addresses, or there is no hope. */
  first: Promise<void>
  failures: number
  /** When it was last said that nothing can be reached there. */
  failedAt: number
  /** Forgets about the next question. */
  cancel: () => void
}

/** A name that was never asked for. */
export function newEntry(): Entry {
  return {
    addresses: [],
    until: 0,
    askedAt: Number.NEGATIVE_INFINITY,
    answered: 0,
    asked: 0,
    first: Promise.resolve(),
    failures: 0,
    failedAt: Number.NEGATIVE_INFINITY,
    cancel: () => {},
  }
}
