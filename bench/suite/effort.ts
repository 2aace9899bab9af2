/** How much is done. */
export interface Effort {
  /** How often each contender is measured, in turn with the others. */
  readonly rounds: number
  /** How long a load lasts; twice as long where something must hold of it. */
  readonly seconds: number
  /** Calls of the API one after the other. */
  readonly calls: number
  /** The table sizes beyond this are left out. */
  readonly mostRoutes: number
}

export const FULL: Effort = { rounds: 5, seconds: 1, calls: 200, mostRoutes: 50_000 }
export const QUICK: Effort = { rounds: 1, seconds: 1, calls: 100, mostRoutes: 10_000 }
