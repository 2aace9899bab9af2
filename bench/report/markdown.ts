import type { ContenderName } from '../contenders/contender.js'
import { spreadOf } from '../statistics.js'
import type { BenchData } from '../suite/data.js'
import { valuesOf } from '../suite/data.js'
import type { Work } from '../works/work.js'
import { lossesIn } from './losses.js'
import { markdownTable } from './markdown-table.js'
import { durationWritten, spreadWritten, written } from './numbers.js'
import type { Plot } from './plots.js'
import type { Requirement } from './requirements.js'
import { judge, REQUIREMENTS } from './requirements.js'

/** How much of an error is shown; data.json has all of it. */
const MOST_OF_ERROR = 300

export interface ReportInput {
  readonly data: BenchData
  readonly works: readonly Work[]
  /** Empty if there are none beside the report. */
  readonly plots: readonly Plot[]
  /** The directory beside the report that has the plots and the data. */
  readonly directory: string
}

/** The whole report. */
export function report(input: ReportInput): string {
  const parts = [heading(input), held(input.data), losses(input), drawings(input), figures(input), trouble(input.data)]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function heading({ data, directory }: ReportInput): string {
  const { machine, effort, command, startedAt, seconds, contenders } = data
  const versions = contenders.map(({ title, version }) => `${title} (${version})`).join('; ')
  return `# Benchmarks

Made by \`${command}\`, begun at ${startedAt}, in ${durationWritten(seconds)}. Anyone can repeat it; [data.json](${directory}/data.json)
has what each round gave.

- Machine: ${machine.processor}, ${machine.processors} processors, ${machine.memoryGib} GiB; Linux ${machine.kernel}; Node.js ${machine.node}.
- Measured: ${versions}.
- Load: ${machine.tools.join('; ')}; websockets by \`bench/load/websockets.ts\`. The targets run on the same processors as the load.
- Each proxy has one processor, with all its processes, and one worker if nothing else is said; the load has others, as far as there are any.
- The contenders are measured in turn, ${effort.rounds === 1 ? 'once' : `${effort.rounds} rounds`}. A cell is the median of the rounds (least - most). Ratios are made round by round.
- CPU is what the kernel says that the processes ran (\`schedstat\`), memory all their pages in RAM (\`Rss\`).`
}

/** The table of what must hold. */
export function held({ samples }: Pick<BenchData, 'samples'>): string {
  const rows = REQUIREMENTS.map((requirement) => {
    const { seen, holds } = judge(requirement, samples)
    const verdict = holds === undefined ? 'not measured' : holds ? 'holds' : notHeld(requirement)
    return [requirement.title, wantedWritten(requirement), seen === undefined ? '-' : spreadWritten(seen), verdict]
  })
  return `## What must hold\n\n${markdownTable(['figure', 'wanted', 'seen', ''], rows)}`
}

function notHeld({ limit }: Requirement): string {
  return limit === undefined ? '**does not hold**' : `**does not hold**; why: design.md, "${limit}"`
}

function wantedWritten({ wanted, unit }: Requirement): string {
  const [bound, value] = 'atMost' in wanted ? ['at most', wanted.atMost] : ['at least', wanted.atLeast]
  return `${bound} ${value}${unit === undefined ? '' : ` ${unit}`}`
}

function losses({ data, works }: ReportInput): string {
  const rows = lossesIn(works, data.samples).map(({ work, figure, contender, ours, theirs, factor }) => [
    work.name,
    `${figure.title}, ${figure.unit}`,
    written(ours),
    written(theirs),
    Number.isFinite(factor) ? written(factor) : '-',
    titleOf(data, contender),
  ])
  if (rows.length === 0) return ''
  const head = ['work', 'figure', 'here', 'best', 'times', 'by']
  return `## Where others are better\n\nBy more than 2 %, the greatest losses first.\n\n${markdownTable(head, rows)}`
}

function drawings({ plots, directory }: ReportInput): string {
  if (plots.length === 0) return ''
  return `## Plots\n\n${plots.map(({ name, title }) => `![${title}](${directory}/${name}.svg)`).join('\n\n')}`
}

/** A table for each piece of work that was done: figures down, contenders across. */
function figures({ data, works }: ReportInput): string {
  const done = works.filter(({ name }) => data.samples.some(({ work }) => work === name))
  const tables = done.map((work) => {
    const columns = data.contenders.filter(({ name }) => work.contenders.includes(name))
    const rows = Object.entries(work.figures).map(([figure, { title, unit }]) => [
      `${title}, ${unit}`,
      ...columns.map(({ name }) => cell(data, work.name, name, figure)),
    ])
    return `### ${work.name}\n\n${work.title}.\n\n${markdownTable(['', ...columns.map(({ title }) => title)], rows)}`
  })
  return ['## All figures', ...tables].join('\n\n')
}

function cell({ samples }: BenchData, work: string, contender: ContenderName, figure: string): string {
  const spread = spreadOf([...valuesOf(samples, work, contender, figure).values()])
  return spread === undefined ? '-' : spreadWritten(spread)
}

/** What couldn't be measured, and why. */
function trouble(data: BenchData): string {
  const missing = data.missing.map(({ title, install }) => `- ${title} is not installed: \`${install}\``)
  const failed = data.failures.map(({ work, contender, error }) => {
    const text = error.replace(/\s+/g, ' ').trim()
    return `- ${titleOf(data, contender)} at ${work}: ${text.length > MOST_OF_ERROR ? `${text.slice(0, MOST_OF_ERROR)} ...` : text}`
  })
  const all = [...missing, ...failed]
  return all.length === 0 ? '' : `## What could not be measured\n\n${all.join('\n')}`
}

function titleOf({ contenders }: BenchData, name: ContenderName): string {
  return contenders.find((contender) => contender.name === name)?.title ?? name
}
