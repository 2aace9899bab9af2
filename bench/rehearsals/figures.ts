import { bytes, latency, rounded } from '../../src/operations/page/format.js'
import { Histogram } from '../../src/rehearse/histogram.js'
import { usageOf } from '../../src/rehearse/processes/series.js'
import type { Judged } from '../../src/rehearse/report/compare.js'
import type { Verdict } from '../../src/rehearse/verdict/verdict.js'

/** What a table has of a rehearsal. */
export interface Figures {
  readonly verdict: string
  /** Why it failed: the checks, with their figures. */
  readonly reasons: string
  readonly failures: number
  readonly excused: number
  readonly longestGapMs: number
  readonly usersWithGap: number
  readonly longestKernelGapMs: number
  readonly brokenWebsockets: number
  readonly p99Ms: number
  readonly memoryBytes: number
  readonly sockets: number
}

export const VERDICTS = { 0: 'passed', 1: 'failed', 2: 'not judged' } as const

/** Why it didn't pass: doubts, and the checks that failed with their figures. */
export function reasonsOf({ doubts, checks }: Verdict): string[] {
  const failed = checks.filter(({ outcome }) => outcome === 'fail').map(({ name, figure }) => `${name}: ${figure}`)
  return [...doubts.map((sentence) => sentence.replace(/\.$/, '')), ...failed]
}

export function figuresOf(rehearsal: Judged): Figures {
  const { verdict, users, seconds, processes, incidents } = rehearsal
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const most = (values: readonly number[]) => values.reduce((greatest, value) => Math.max(greatest, value), 0)
  const times = new Histogram()
  for (const { latency: histogram } of seconds) times.add(histogram)
  const usage = usageOf(processes, seconds.length)
  const happened = incidents.some(({ applicable }) => applicable)
  return {
    verdict:
      incidents.length > 0 && !happened ? 'does not apply' : (['passed', 'failed', 'not judged'][verdict.status] ?? ''),
    reasons: reasonsOf(verdict).join('; '),
    failures: sum(seconds.flatMap(({ failures }) => Object.values(failures))),
    excused: sum(seconds.map(({ excused }) => excused)),
    longestGapMs: most(users.map(({ longestGapMs }) => longestGapMs)),
    usersWithGap: users.filter(({ gaps }) => gaps > 0).length,
    longestKernelGapMs: most(users.map(({ longestKernelGapMs }) => longestKernelGapMs)),
    brokenWebsockets: sum(seconds.map(({ websocketsBroken }) => websocketsBroken)),
    p99Ms: times.quantile(0.99),
    memoryBytes: most(usage.map((one) => one?.memoryBytes ?? 0)),
    sockets: most(usage.map((one) => one?.sockets ?? 0)),
  }
}

/** The columns of a table of figures. */
export const COLUMNS: readonly string[] = [
  ...['failed', "the incident's own doing", 'longest gap', 'users with one', 'longest without a kernel'],
  ...['p99', 'memory'],
]

export function cellsOf(figures: Figures): string[] {
  const { failures, excused, longestGapMs, usersWithGap, longestKernelGapMs, p99Ms, memoryBytes } = figures
  return [
    ...[rounded(failures), rounded(excused), latency(longestGapMs / 1000), rounded(usersWithGap)],
    ...[latency(longestKernelGapMs / 1000), latency(p99Ms / 1000), bytes(memoryBytes)],
  ]
}

/** Figures in which the one is worse than the other by more than a fifth, in words; noise is less than that. */
export function worse(one: Figures, other: Figures): string[] {
  const found: string[] = []
  const compare = (
    name: string,
    of: (figures: Figures) => number,
    least: number,
    written: (value: number) => string,
  ) => {
    const [a, b] = [of(one), of(other)]
    if (a > b * 1.2 && a - b > least) found.push(`${name} ${written(a)}, not ${written(b)}`)
  }
  compare('failed requests', ({ failures }) => failures, 0, rounded)
  compare(
    'longest gap',
    ({ longestGapMs }) => longestGapMs,
    200,
    (ms) => latency(ms / 1000),
  )
  compare(
    'p99',
    ({ p99Ms }) => p99Ms,
    5,
    (ms) => latency(ms / 1000),
  )
  compare('memory', ({ memoryBytes }) => memoryBytes, 0, bytes)
  return found
}
