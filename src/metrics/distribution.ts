/** How values are distributed: how many are at most each bound, how many there are, and their sum. */
export interface Distribution {
  /** Ascending. */
  readonly bounds: readonly number[]
  /** How many values are at most the bound of the same index. */
  readonly atMost: readonly number[]
  readonly count: number
  readonly sum: number
}

/** Bounds in seconds for what takes from half a millisecond to seconds, such as a change of a route. */
export const CHANGE_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** A {@link Distribution} that grows. */
export class Distributed implements Distribution {
  readonly bounds: readonly number[]
  readonly #atMost: number[]
  #count = 0
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#atMost = bounds.map(() => 0)
  }

  get atMost(): readonly number[] {
    return this.#atMost
  }

  get count(): number {
    return this.#count
  }

  get sum(): number {
    return this.#sum
  }

  /** Adds one value, in the unit of the bounds. */
  observe(value: number): void {
    this.#count += 1
    this.#sum += value
    for (let index = this.bounds.length - 1; index >= 0 && value <= (this.bounds[index] ?? 0); index -= 1) {
      this.#add(index, 1)
    }
  }

  /** Adds another distribution. Bounds that this one doesn't have are left out: its counts are still right. */
  merge(more: Distribution): void {
    this.#count += more.count
    this.#sum += more.sum
    const byBound = new Map(more.bounds.map((bound, index) => [bound, more.atMost[index] ?? 0]))
    for (const [index, bound] of this.bounds.entries()) this.#add(index, byBound.get(bound) ?? 0)
  }

  #add(index: number, more: number): void {
    this.#atMost[index] = (this.#atMost[index] ?? 0) + more
  }
}

/**
 * The value that this share of all values doesn't exceed, estimated within its bucket as Prometheus'
 * `histogram_quantile` does; undefined if there are no values, the last bound if it is beyond that.
 *
 * @param share between 0 and 1
 */
export function quantile({ bounds, atMost, count }: Distribution, share: number): number | undefined {
  if (count === 0) return undefined
  const rank = share * count
  const index = atMost.findIndex((all) => all >= rank)
  const upper = bounds[index]
  if (upper === undefined) return bounds.at(-1)
  const [lower, before] = [bounds[index - 1] ?? 0, atMost[index - 1] ?? 0]
  const inBucket = (atMost[index] ?? 0) - before
  return inBucket === 0 ? lower : lower + ((upper - lower) * (rank - before)) / inBucket
}
