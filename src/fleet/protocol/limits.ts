/**
 * The times of the protocol, in milliseconds. They depend on each other: docs/fleet.md has the sums, and the simulator
 * checks them.
 */
export const LIMITS = {
  /** How often a member tells each peer how it is, if nothing else has made it do so. */
  heartbeat: 200,
  /** How long a peer's or the store's word lasts that this member has its place. Measured from the question. */
  word: 800,
  /** How much longer it keeps its Envoys while it asks the store. */
  doubt: 200,
  /** When it begins to ask the store because a peer is quiet, and how often it then asks. */
  askAfter: 500,
  askEvery: 250,
  /** From the revoking of a peer's lease to when that peer's Envoys have left it: word and doubt, with a margin. */
  out: 1_150,
  /** A peer that a write waits for is fenced once nothing was heard from it for this long. */
  quiet: 700,
  /** A peer that is heard but doesn't acknowledge a write is fenced after this time. */
  acknowledge: 2_000,
  /**
   * How long writes wait for an Envoy that has left a member and isn't at another one yet: the time in which it notices
   * that a connection is dead (its keepalive), and tries others.
   */
  move: 2_000,
  /**
   * How long an Envoy that looks for a member may take until it is at one that begins to take Envoys: it tries three
   * addresses with 400 ms at most before each (see `bootstrap`), and loads what differs.
   */
  find: 1_300,
  /** How often the lease is renewed, and how long it lasts by this member's own clock. The store's lasts for 10,000. */
  renew: 3_000,
  lease: 9_000,
  /** When a call is answered 503 since not everybody has confirmed its write. */
  patience: 5_000,
} as const
