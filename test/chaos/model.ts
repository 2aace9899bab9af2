/** What a route leads to: the name of a backend, or undefined if there is no such route. */
export type Target = string | undefined

/** A change of a route that was asked for and has no answer yet. */
export interface PendingChange {
  /** It was made: from now on it is so. */
  done(): void
  /** It was refused: all is as before. */
  undone(): void
}

/**
 * What each route may lead to at this moment. It is one target, but while a change is under way, or after one whose
 * answer was lost, it is what was there before or what was asked for.
 */
export class Model {
  readonly #possible = new Map<string, ReadonlySet<Target>>()
  readonly #watches = new Set<Watch>()

  possible(routespec: string): ReadonlySet<Target> {
    return this.#possible.get(routespec) ?? new Set([undefined])
  }

  /** The routes of which only one thing is possible, with that; of the others, the routespecs. */
  state(): { known: Map<string, Target>; unknown: string[] } {
    const known = new Map<string, Target>()
    const unknown: string[] = []
    for (const [routespec, targets] of this.#possible) {
      if (targets.size === 1) known.set(routespec, [...targets][0])
      else unknown.push(routespec)
    }
    return { known, unknown }
  }

  /** From now on a route may have this target. No other change of it may be under way. */
  change(routespec: string, target: Target): PendingChange {
    const before = this.possible(routespec)
    this.#set(routespec, new Set([...before, target]))
    return {
      done: () => this.#set(routespec, new Set([target])),
      undone: () => this.#set(routespec, before),
    }
  }

  #set(routespec: string, targets: ReadonlySet<Target>): void {
    this.#possible.set(routespec, targets)
    for (const watch of this.#watches) watch.saw(routespec, targets)
  }

  /** Follows what a request may meet, from its start until {@link Watch.end}. */
  watch(path: string): Watch {
    const watch = new Watch(new Map(prefixes(path).map((prefix) => [prefix, new Set(this.possible(prefix))])), () =>
      this.#watches.delete(watch),
    )
    this.#watches.add(watch)
    return watch
  }
}

/** What was possible, at one time or another, for the routes that a path may belong to. */
export class Watch {
  readonly #seen: ReadonlyMap<string, Set<Target>>
  readonly end: () => void

  /** @param seen by routespec, the longest first */
  constructor(seen: ReadonlyMap<string, Set<Target>>, end: () => void) {
    this.#seen = seen
    this.end = end
  }

  saw(routespec: string, targets: Iterable<Target>): void {
    const seen = this.#seen.get(routespec)
    if (seen !== undefined) for (const target of targets) seen.add(target)
  }

  /** Where the request may have gone: to the longest route that there was, if there was any. */
  targets(): Set<Target> {
    const all = new Set<Target>()
    for (const seen of this.#seen.values()) {
      for (const target of seen) if (target !== undefined) all.add(target)
      if (!seen.has(undefined)) return all
    }
    return all.add(undefined)
  }
}

/** The routespecs that a path may belong to, the longest first. */
function prefixes(path: string): string[] {
  const segments = path
    .replace(/\?.*/, '')
    .split('/')
    .filter((segment) => segment !== '')
  return segments.map((_, index) => `/${segments.slice(0, segments.length - index).join('/')}`).concat('/')
}
