/** The address book's state of one host name. */
export interface Entry {
  addresses: readonly string[]
  until: number
  /** When it was last queried. */
  askedAt: number
  /** The numbers of the query that the addresses are from, and of the last one: a late answer replaces no newer one. */
  answered: number
  asked: number
  /** Settles when the last query has found addresses or has failed. */
  first: Promise<void>
  failures: number
  /** Why the last query failed; undefined if it didn't. */
  failure: string | undefined
  /** When it was last reported that none of its addresses can be reached. */
  failedAt: number
  /** Cancels the next query. */
  cancel: () => void
}

/** The state of a name that was never queried. */
export function newEntry(): Entry {
  return {
    addresses: [],
    until: 0,
    askedAt: Number.NEGATIVE_INFINITY,
    answered: 0,
    asked: 0,
    first: Promise.resolve(),
    failures: 0,
    failure: undefined,
    failedAt: Number.NEGATIVE_INFINITY,
    cancel: () => {},
  }
}
