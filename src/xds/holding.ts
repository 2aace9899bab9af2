/** What an Envoy has of one resource, according to its list on connecting and its answers since. */
export interface HeldResource {
  /** Whether it has what the collection has: the same version, or neither has any. */
  readonly hasCurrent: boolean
  /** Whether it has the resource in any version. */
  readonly hasSome: boolean
  /** Its version; undefined if it has none, or it is not known which. */
  readonly version: string | undefined
}

/** What one connected Envoy has of one resource, and what it is doing. */
export interface Holding extends HeldResource {
  /** Its node id. */
  readonly node: string
  /** Whether it has just started, and doesn't serve yet. */
  readonly isLoading: boolean
  /** Why it refuses the collection's version; undefined if it doesn't. */
  readonly refusal: string | undefined
}
