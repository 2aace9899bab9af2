import { median } from '../src/platform/statistics.js'

export { median, quantile } from '../src/platform/statistics.js'

/** What several rounds gave. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
  readonly rounds: number
}

/** Undefined if there are no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  return { median: median(values), least: Math.min(...values), most: Math.max(...values), rounds: values.length }
}
