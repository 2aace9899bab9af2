import type { Test } from 'tap'

/** One contender's figures, by their names. */
export type Figures = Readonly<Record<string, string | number>>

/** Prints the contenders' figures side by side: a line for each figure, a column for each contender. */
export function printFigures(t: Test, title: string, results: ReadonlyMap<string, Figures>): void {
  const names = [...results.keys()]
  const keys = [...new Set([...results.values()].flatMap((figures) => Object.keys(figures)))]
  const rows = [
    ['', ...names],
    ...keys.map((key) => [key, ...names.map((name) => String(results.get(name)?.[key] ?? '-'))]),
  ]
  const widths = ['', ...names].map((_name, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
  t.comment([title, ...lines].join('\n'))
}

/** How many times each thing occurs, most frequent first: `120 x ECONNREFUSED, 3 x 503`; `none` if nothing does. */
export function tally(things: Iterable<string>): string {
  const counts = new Map<string, number>()
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1)
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([thing, count]) => `${count} x ${thing}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}
