/** A change of a route that somebody asked for, and whether it was stored. An Envoy may have it before it is. */
export interface Write {
  readonly key: string
  /** Which change it is, in the order of the calls. */
  readonly number: number
  /** Whether every Envoy rejects it. */
  readonly isBad: boolean
  /** The revision of the route which this one was to replace. */
  base: bigint
  /** Undefined until it is stored. */
  revision: bigint | undefined
}
