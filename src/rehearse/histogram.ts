/** Buckets in each doubling: a bucket's bounds differ by at most 1/16. */
const SUB_BUCKETS = 16

/** The first bucket ends here, in milliseconds. */
const LEAST_MS = 0.0625

/** Up to 2^24 * LEAST_MS: 17 minutes. What is longer counts in the last bucket. */
const DOUBLINGS = 24

const BUCKETS = DOUBLINGS * SUB_BUCKETS + 1

/** A histogram of times as it is recorded: bucket and count in turn, `[12, 3, 40, 1]`, without empty buckets. */
export type SparseHistogram = readonly number[]

/** Times in milliseconds, counted in buckets of fixed bounds: its size doesn't depend on how many there are. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  count = 0

  static of(sparse: SparseHistogram): Histogram {
    const histogram = new Histogram()
    histogram.add(sparse)
    return histogram
  }

  record(ms: number): void {
    const at = bucketOf(ms)
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.count += 1
  }

  add(sparse: SparseHistogram): void {
    for (let i = 0; i + 1 < sparse.length; i += 2) {
      const [bucket = 0, count = 0] = [sparse[i], sparse[i + 1]]
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
      this.count += count
    }
  }

  /**
   * The time that a share of all, such as 0.99, did not exceed, in milliseconds: the upper bound of its bucket, which is
   * at most 1/16 too long. 0 if there are none.
   */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.count))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0
      if (seen >= rank) return upperBound(bucket)
    }
    return 0
  }

  sparse(): SparseHistogram {
    return Array.from(this.#counts).flatMap((count, bucket) => (count === 0 ? [] : [bucket, count]))
  }

  clear(): void {
    this.#counts.fill(0)
    this.count = 0
  }
}

function bucketOf(ms: number): number {
  if (!(ms > LEAST_MS)) return 0
  const doublings = Math.log2(ms / LEAST_MS)
  const whole = Math.floor(doublings)
  if (whole >= DOUBLINGS) return BUCKETS - 1
  const part = Math.ceil((ms / LEAST_MS / 2 ** whole - 1) * SUB_BUCKETS)
  return whole * SUB_BUCKETS + part
}

/** The longest time that counts in a bucket, in milliseconds. */
function upperBound(bucket: number): number {
  const whole = Math.floor(bucket / SUB_BUCKETS)
  return LEAST_MS * 2 ** whole * (1 + (bucket % SUB_BUCKETS) / SUB_BUCKETS)
}
