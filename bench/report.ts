import type { ContenderName } from './contender.js'
import type { Result } from './table-bench.js'

type Column = readonly [title: string, cell: (result: Result) => string]

const COLUMNS: readonly Column[] = [
  ['routes', ({ size }) => size.toLocaleString('en')],
  ['proxy', ({ contender }) => contender],
  ['fill by 10s, s', ({ fillMs }) => (fillMs / 1000).toFixed(2)],
  ['POST p50, ms', ({ postP50 }) => postP50.toFixed(2)],
  ['POST p99, ms', ({ postP99 }) => postP99.toFixed(2)],
  ['shallow, req/s', ({ shallowRps }) => shallowRps.toFixed(0)],
  ['deep, req/s', ({ deepRps }) => deepRps.toFixed(0)],
  ['Node RSS, MB', ({ controlRss }) => controlRss.toFixed(0)],
  ['Envoy RSS, MB', ({ envoyRss }) => envoyRss?.toFixed(0) ?? '-'],
]

/** The results in aligned columns. */
export function table(results: readonly Result[]): string {
  const rows = [COLUMNS.map(([title]) => title), ...results.map((result) => COLUMNS.map(([, cell]) => cell(result)))]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')).join('\n')
}

/** What is wanted of the largest table, each with what was seen. A noisy machine may miss any of it. */
export function wantedFigures(results: readonly Result[]): string {
  const ours = sorted(results, 'ours')
  const [small, large] = [ours.at(0), ours.at(-1)]
  const chp = sorted(results, 'CHP').at(-1)
  if (small === undefined || large === undefined || chp === undefined) return ''
  const [few, many] = [small.size.toLocaleString('en'), large.size.toLocaleString('en')]
  const postRatio = large.postP50 / small.postP50
  const lines = [
    line(`POST p50 at ${many} routes at most 1.5 times that at ${few}`, times(postRatio), postRatio <= 1.5),
    line(`${many} routes added 10 at a time within 5 s`, `${(large.fillMs / 1000).toFixed(2)} s`, large.fillMs <= 5000),
  ]
  for (const [name, rate] of RATES) {
    const [toChp, toSmall] = [rate(large) / rate(chp), rate(large) / rate(small)]
    lines.push(
      line(`req/s at ${many} routes at least 2 times CHP's, ${name}`, times(toChp), toChp >= 2),
      line(`req/s at ${many} routes at least 0.9 times that at ${few}, ${name}`, times(toSmall), toSmall >= 0.9),
    )
  }
  const rss = large.controlRss
  lines.push(line(`Node RSS at ${many} routes below 150 MB`, `${rss.toFixed(0)} MB`, rss < 150))
  return lines.join('\n')
}

const RATES: ReadonlyArray<readonly [name: string, rate: (result: Result) => number]> = [
  ['shallow', ({ shallowRps }) => shallowRps],
  ['deep', ({ deepRps }) => deepRps],
]

function sorted(results: readonly Result[], name: ContenderName): Result[] {
  return results.filter(({ contender }) => contender === name).sort((a, b) => a.size - b.size)
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} times`
}

/** What was wanted and what was seen. */
export function line(wanted: string, seen: string, met: boolean): string {
  return `${met ? 'met    ' : 'NOT met'}  ${wanted}: ${seen}`
}
