import { median } from '../statistics.js'

/** What a program took for a request in each round, in microseconds. */
export interface Costs {
  readonly name: string
  readonly rounds: readonly number[]
}

/** A table of what each program takes, and of its ratio to each of the others that are named, round by round. */
export function costTable(programs: readonly Costs[], bases: readonly Costs[]): string {
  const head = ['', 'least, us', 'median, us', ...bases.map(({ name }) => `of ${name} (95 %)`)]
  const rows = programs.map((program) => [
    program.name,
    Math.min(...program.rounds).toFixed(1),
    median(program.rounds).toFixed(1),
    ...bases.map((base) => (base === program ? '1' : ratioText(program, base))),
  ])
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n')
}

export interface Ratio {
  readonly median: number
  /** The bounds within which the true median is with a confidence of at least 95 %; the extremes below six rounds. */
  readonly low: number
  readonly high: number
}

/** How much more one program takes than another, by the rounds in which both were measured one after the other. */
export function ratioOf(program: Costs, base: Costs): Ratio {
  const ratios = program.rounds.map((cost, round) => cost / (base.rounds[round] ?? Number.NaN)).sort((a, b) => a - b)
  const at = boundOfMedian(ratios.length)
  return {
    median: median(ratios),
    low: ratios[at] ?? Number.NaN,
    high: ratios[ratios.length - 1 - at] ?? Number.NaN,
  }
}

/**
 * Which of n sorted values is the lower bound of their median. Each value is below the true median with a chance of one
 * half, so a binomial distribution says how many are.
 */
function boundOfMedian(n: number): number {
  let [chance, below, at] = [0.5 ** n, 0, 0]
  for (let k = 0; k < n / 2; k++) {
    below += chance
    if (below > 0.025) break
    at = k
    chance *= (n - k) / (k + 1)
  }
  return at
}

function ratioText(program: Costs, base: Costs): string {
  const { median: middle, low, high } = ratioOf(program, base)
  return `${middle.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`
}
