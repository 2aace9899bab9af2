import { bytes, latency, rounded } from '../../operations/page/format.js'
import { html } from '../../operations/page/html.js'
import { Histogram } from '../histogram.js'
import { usageOf } from '../processes/series.js'
import type { Rehearsal } from '../record.js'
import { sizingText } from '../verdict/sizing.js'
import type { Verdict } from '../verdict/verdict.js'
import { EXIT_STATUS } from '../verdict/verdict.js'
import type { Line } from './chart.js'
import { chart } from './chart.js'
import { marksOf } from './marks.js'
import { named, page, tag } from './page.js'
import { tableCard } from './tables.js'

const MIB = 1024 * 1024

/** A rehearsal as its report has it. */
export type Judged = Rehearsal & { readonly verdict: Verdict }

/** Two rehearsals beside each other. */
export type Pair = readonly [Judged, Judged]

interface Row {
  readonly name: string
  readonly values: readonly [string, string]
}

/** Every figure of two rehearsals beside each other: a line for each. */
export function comparisonText(pair: Pair): string {
  const rows = [{ name: '', values: titles(pair) }, ...rowsOf(pair)]
  const widths = [0, 1].map((column) => Math.max(...rows.map(({ values }) => values[column]?.length ?? 0)))
  const first = Math.max(...rows.map(({ name }) => name.length))
  return rows
    .map(({ name, values: [one, other] }) => `${name.padEnd(first)}  ${one.padEnd(widths[0] ?? 0)}  ${other}`.trimEnd())
    .join('\n')
}

/** The same as a page, with both in each plot. */
export function comparisonPage(pair: Pair, style: string): string {
  const marks = marksOf(pair[0].incidents)
  const rows = rowsOf(pair).map(({ name, values }) => [name, ...values])
  const verdicts = pair.map(({ verdict: { checks } }) => new Map(checks.map(({ name, outcome }) => [name, outcome])))
  const checks = rows.map(([name = '', ...values]) => [
    name,
    ...values.map((value, index) => {
      const outcome = verdicts[index]?.get(name)
      return outcome === undefined ? value : html`${tag(outcome)} ${value}`
    }),
  ])
  const main = html`<h1>Two rehearsals</h1>
${tableCard('figures', 'Figures', ['What', ...titles(pair)], checks)}
<section class="card" aria-labelledby="time"><h2 id="time">Over time</h2><p class="soft">The incidents that are marked are those of the first.</p>
<div class="grid">${chartsOf(pair).map((one) => chart(one, marks))}</div></section>`
  return page('Two rehearsals', style, main)
}

function titles([one, other]: Pair): [string, string] {
  return [named(one), named(other)]
}

function rowsOf(pair: Pair): Row[] {
  const names = [...new Set(pair.flatMap(({ verdict }) => verdict.checks.map(({ name }) => name)))]
  const figure = ({ verdict: { checks } }: Judged, name: string) =>
    checks.find((check) => check.name === name)?.figure ?? '-'
  return [
    row('verdict', pair, ({ verdict: { status } }) => EXIT_STATUS[status]),
    row('began', pair, ({ started }) => started.slice(0, 19).replace('T', ' ')),
    row('users', pair, ({ options: { users, profile } }) => `${rounded(users)} of ${profile}`),
    row('incidents', pair, ({ options: { incidents } }) => incidents.join(' ') || 'none'),
    ...names.map((name) => row(name, pair, (rehearsal) => figure(rehearsal, name))),
    row('excused failures', pair, ({ seconds }) => rounded(seconds.reduce((sum, { excused }) => sum + excused, 0))),
    row('p50 of requests', pair, ({ acts }) => {
      const all = new Histogram()
      for (const { latency: times } of acts) all.add(times)
      return latency(all.quantile(0.5) / 1000)
    }),
    row('memory at most', pair, (rehearsal) =>
      bytes(Math.max(0, ...usage(rehearsal).map((one) => one?.memoryBytes ?? 0))),
    ),
    row('sockets at most', pair, (rehearsal) =>
      rounded(Math.max(0, ...usage(rehearsal).map((one) => one?.sockets ?? 0))),
    ),
    row(
      'size to request',
      pair,
      (rehearsal) =>
        sizingText(rehearsal)
          ?.split('\n')[0]
          ?.replace(/^.*: requests /, '') ?? '-',
    ),
  ]
}

function row(name: string, [one, other]: Pair, of: (rehearsal: Judged) => string): Row {
  return { name, values: [of(one), of(other)] }
}

function usage({ processes, seconds }: Rehearsal): ReturnType<typeof usageOf> {
  return usageOf(processes, seconds.length)
}

function chartsOf(pair: Pair): Parameters<typeof chart>[0][] {
  const lines = (values: (rehearsal: Judged) => Line['values']): Line[] =>
    pair.map((rehearsal, index) => ({ label: titles(pair)[index] ?? '', values: values(rehearsal) }))
  const failures = ({ seconds }: Judged) =>
    seconds.map(({ failures: kinds }) => Object.values(kinds).reduce((sum, count) => sum + count, 0))
  const p99 = ({ seconds }: Judged) =>
    seconds.map(({ latency: times }) => (times.length === 0 ? undefined : Histogram.of(times).quantile(0.99)))
  return [
    { title: 'Failed requests a second', written: rounded, lines: lines(failures) },
    { title: 'p99 of requests', written: (ms) => latency(ms / 1000), lines: lines(p99) },
    {
      title: 'Processors that are kept busy',
      written: (cpus) => cpus.toFixed(2),
      lines: lines((rehearsal) => usage(rehearsal).map((one) => one?.cpus)),
    },
    {
      title: 'Memory',
      written: bytes,
      unit: MIB,
      lines: lines((rehearsal) => usage(rehearsal).map((one) => one?.memoryBytes)),
    },
    { title: 'Sockets', written: rounded, lines: lines((rehearsal) => usage(rehearsal).map((one) => one?.sockets)) },
  ]
}
