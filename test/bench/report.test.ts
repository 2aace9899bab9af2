import { readFile } from 'node:fs/promises'
import t from 'tap'
import { ALL_CONTENDERS } from '../../bench/contenders/all.js'
import type { ContenderName } from '../../bench/contenders/contender.js'
import { lossesIn } from '../../bench/report/losses.js'
import { report } from '../../bench/report/markdown.js'
import { spreadWritten, written } from '../../bench/report/numbers.js'
import { plotsOf } from '../../bench/report/plots.js'
import type { Place, Requirement } from '../../bench/report/requirements.js'
import { judge, REQUIREMENTS } from '../../bench/report/requirements.js'
import { barChart, lineChart } from '../../bench/report/svg.js'
import type { BenchData, Sample } from '../../bench/suite/data.js'
import { FULL } from '../../bench/suite/effort.js'
import { ALL_WORKS } from '../../bench/works/all.js'
import { PACKAGE_ROOT } from '../../src/platform/package.js'

/** The rounds of one figure of one contender. */
function rounds(work: string, contender: ContenderName, figure: string, values: readonly number[]): Sample[] {
  return values.map((value, index) => ({ work, contender, round: index + 1, values: { [figure]: value } }))
}

const RATIO: Requirement = {
  title: 'requests a second',
  of: { work: 'get-small', contender: 'ours', figure: 'rate' },
  against: { work: 'get-small', contender: 'envoy', figure: 'rate' },
  wanted: { atLeast: 2 },
}

t.test('a ratio is made round by round, and judged at its median', async (t) => {
  const samples = [
    ...rounds('get-small', 'ours', 'rate', [300, 30, 100, 260, 220]),
    ...rounds('get-small', 'envoy', 'rate', [100, 10, 100, 100, 100]),
  ]
  t.strictSame(judge(RATIO, samples), {
    requirement: RATIO,
    seen: { median: 2.6, least: 1, most: 3, rounds: 5 },
    holds: true,
  })
  t.equal(judge({ ...RATIO, wanted: { atMost: 2 } }, samples).holds, false)
})

t.test('a round in which one of both failed counts for nothing, and nothing is no verdict', async (t) => {
  const ours = rounds('get-small', 'ours', 'rate', [300, 100])
  t.equal(judge(RATIO, [...ours, ...rounds('get-small', 'envoy', 'rate', [100])]).seen?.rounds, 1)
  t.strictSame(judge(RATIO, ours), { requirement: RATIO, seen: undefined, holds: undefined })
})

t.test('every figure that must hold is measured, of a contender that takes part', async (t) => {
  const isMeasured = ({ work, contender, figure }: Place) => {
    const found = ALL_WORKS.find(({ name }) => name === work)
    return found !== undefined && figure in found.figures && found.contenders.includes(contender)
  }
  for (const { title, of, against } of REQUIREMENTS)
    t.ok(isMeasured(of) && (against === undefined || isMeasured(against)), title)
})

t.test('why a figure can not be had is in a section of docs/design.md', async (t) => {
  const design = await readFile(`${PACKAGE_ROOT}docs/design.md`, 'utf8')
  for (const { title, limit } of REQUIREMENTS) if (limit !== undefined) t.ok(design.includes(`\n## ${limit}\n`), title)
})

t.test('names of works and contenders are unique, since --only takes both', async (t) => {
  const names = [...ALL_WORKS, ...ALL_CONTENDERS].map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
})

t.test('a loss is told whether more or less is better, with the best of the others, the greatest first', async (t) => {
  const samples = [
    ...rounds('get-small', 'ours', 'rate', [100]),
    ...rounds('get-small', 'envoy', 'rate', [120]),
    ...rounds('get-small', 'nginx', 'rate', [150]),
    ...rounds('latency', 'ours', 'p50', [2]),
    ...rounds('latency', 'chp-5.3.0', 'p50', [1]),
    ...rounds('latency', 'ours', 'p999', [100]),
    ...rounds('latency', 'chp-5.3.0', 'p999', [99]),
    ...rounds('latency', 'ours', 'p99', [2]),
    ...rounds('latency', 'chp-5.3.0', 'p99', [3]),
    ...rounds('latency', 'ours', 'rate', [10]),
    ...rounds('latency', 'chp-5.3.0', 'rate', [11]),
  ]
  t.strictSame(
    lossesIn(ALL_WORKS, samples).map(({ work, contender, ours, theirs }) => [work.name, contender, ours, theirs]),
    [
      ['latency', 'chp-5.3.0', 2, 1],
      ['get-small', 'nginx', 100, 150],
    ],
  )
})

const DATA: BenchData = {
  command: 'npm run bench',
  startedAt: '2030-01-02T03:04:05.000Z',
  seconds: 1500,
  effort: FULL,
  machine: { processor: 'P', processors: 2, memoryGib: 8, kernel: '6.1', node: '20.0.0', tools: ['wrk 4'] },
  contenders: [
    { name: 'ours', title: 'configurable-envoy-proxy', version: '1' },
    { name: 'envoy', title: 'Envoy, static', version: '2' },
  ],
  missing: [{ title: 'Traefik', install: 'sh install' }],
  samples: [
    ...rounds('get-small', 'ours', 'rate', [100, 110, 90]),
    ...rounds('get-small', 'envoy', 'rate', [200, 210, 190]),
    ...rounds('get-deep-10k', 'ours', 'rate', [100]),
    ...rounds('table-100', 'ours', 'deep', [50]),
    ...rounds('table-10000', 'ours', 'deep', [60]),
  ],
  failures: [{ work: 'latency', contender: 'envoy', error: 'wrk says:\n  timeout' }],
}

t.test(
  'the report has the machine, the verdicts, the losses, every figure and what could not be measured',
  async (t) => {
    const plots = plotsOf(DATA)
    t.strictSame(
      plots.map(({ name }) => name),
      ['requests', 'tables'],
    )
    const text = report({ data: DATA, works: ALL_WORKS, plots, directory: 'benchmarks' })
    for (const part of [
      'Made by `npm run bench`, begun at 2030-01-02T03:04:05.000Z, in 25 min.',
      'P, 2 processors, 8 GiB; Linux 6.1; Node.js 20.0.0',
      'configurable-envoy-proxy (1); Envoy, static (2)',
      '| requests a second, 10,000 routes, one worker, against CHP 5.3.0 | at least 3 | - | not measured |',
      '| get-small | requests a second, req/s | 100 | 200 | 2.00 | Envoy, static |',
      '![Requests a second, 10,000 routes](benchmarks/requests.svg)',
      '| requests a second, req/s | 100 (90.0 - 110) | 200 (190 - 210) |',
      '- Traefik is not installed: `sh install`',
      '- Envoy, static at latency: wrk says: timeout',
    ])
      t.ok(text.includes(part), part)
  },
)

t.test('a drawing is to scale', async (t) => {
  const bar = (label: string, value: number) => ({ label, value, color: 0 })
  const widths = [
    ...barChart({ title: 'T', unit: 'ms', bars: [bar('a<b', 4), bar('b', 2)] }).matchAll(/x="170" .*width="([\d.]+)"/g),
  ]
  t.strictSame(
    widths.map(([, width]) => Number(width)),
    [500, 250],
  )
  const lines = lineChart({
    title: 'T',
    unit: 'ms',
    xs: [1, 10, 100],
    xTitle: 'x',
    lines: [{ label: 'a', ys: [0, 5, 10] }],
  })
  t.equal(/points="([^"]+)"/.exec(lines)?.[1], '70.0,306.0 340.0,181.0 610.0,56.0')
})

t.test('numbers have as many digits as can be compared', async (t) => {
  t.strictSame([0.123, 1.234, 12.34, 123.4, 12345].map(written), ['0.12', '1.23', '12.3', '123', '12,345'])
  t.equal(spreadWritten({ median: 2, least: 1, most: 3, rounds: 5 }), '2.00 (1.00 - 3.00)')
  t.equal(spreadWritten({ median: 2, least: 2, most: 2, rounds: 1 }), '2.00')
})
