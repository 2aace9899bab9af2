/** The keys from `start` up to before `end`, as etcd names a range. */
export interface KeyRange {
  readonly start: string
  readonly end: string
}

/** The keys of one set of routes. etcd's roles can be limited to {@link prefix}. */
export class Keys {
  readonly prefix: string

  /** @param name what distinguishes the routes from those of other proxies */
  constructor(name: string) {
    this.prefix = `/configurable-envoy-proxy/${name}/`
  }

  /** Each begins with a slash. */
  route(key: string): string {
    return `${this.prefix}routes${key}`
  }

  /** The routes, {@link removed} and {@link begun}. */
  get routes(): KeyRange {
    return { start: `${this.prefix}routes/`, end: `${this.prefix}routes;` }
  }

  /** The route's key in an etcd key of {@link routes}; undefined if it isn't that of a route. */
  routeKeyIn(key: string): string | undefined {
    const rest = key.slice(`${this.prefix}routes`.length)
    return rest.startsWith('/') ? rest : undefined
  }

  /**
   * Names the route that was last removed though it was missing. This gives the removal a revision, which is reported like
   * that of any other.
   */
  get removed(): string {
    return `${this.prefix}routes:removed`
  }

  member(id: string): string {
    return `${this.prefix}members/${id}`
  }

  get members(): KeyRange {
    return rangeBelow(`${this.prefix}members/`)
  }

  idIn(memberKey: string): string {
    return memberKey.slice(`${this.prefix}members/`.length)
  }

  activity(index: number): string {
    return `${this.prefix}activity/${index}`
  }

  get activities(): KeyRange {
    return rangeBelow(`${this.prefix}activity/`)
  }

  /** There once the set has been in use. It is read with the routes: where it is gone, so are they. */
  get begun(): string {
    return `${this.prefix}routes:begun`
  }

  get all(): KeyRange {
    return rangeBelow(this.prefix)
  }
}

function rangeBelow(prefix: string): KeyRange {
  return { start: prefix, end: `${prefix.slice(0, -1)}0` }
}
