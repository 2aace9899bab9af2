import type { Spread } from '../statistics.js'

/** Three digits or more, as a reader can compare them. */
export function written(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 10 ? 1 : 2)
}

/** The median, with the least and the most of all rounds if there are several. */
export function spreadWritten({ median, least, most, rounds }: Spread): string {
  return rounds === 1 ? written(median) : `${written(median)} (${written(least)} - ${written(most)})`
}

/** How much of something there is, in words: `25 min`. */
export function durationWritten(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`
}
