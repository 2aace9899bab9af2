import { setImmediate as endOfTurn } from 'node:timers/promises'

/** How many values are mapped in one turn of the event loop: about ten milliseconds' worth where each takes a hash. */
const SLICE = 500

/** Maps many values, in their order. Other work gets its turn between slices of them. */
export async function mapInSlices<T, U>(values: readonly T[], map: (value: T) => U): Promise<U[]> {
  const mapped: U[] = []
  for (const value of values) {
    if (mapped.length > 0 && mapped.length % SLICE === 0) await endOfTurn()
    mapped.push(map(value))
  }
  return mapped
}
