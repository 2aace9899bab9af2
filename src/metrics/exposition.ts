import type { Distribution } from './distribution.js'
import { quantile } from './distribution.js'

export type Labels = Readonly<Record<string, string>>

/** One value of a metric. */
export interface Sample {
  readonly labels?: Labels
  readonly value: number
}

/** A metric with all its samples. */
export interface Family {
  readonly name: string
  /** The sentence that Prometheus shows. */
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly lines: readonly Line[]
}

/** A sample; a histogram has several, whose names have suffixes. */
interface Line extends Sample {
  readonly suffix?: string
}

export function counter(name: string, help: string, samples: number | readonly Sample[]): Family {
  return { name, help, type: 'counter', lines: asSamples(samples) }
}

export function gauge(name: string, help: string, samples: number | readonly Sample[]): Family {
  return { name, help, type: 'gauge', lines: asSamples(samples) }
}

/** @param distributions one for each set of labels */
export function histogram(
  name: string,
  help: string,
  distributions: ReadonlyArray<{ readonly labels?: Labels; readonly of: Distribution }>,
): Family {
  const lines = distributions.flatMap(({ labels = {}, of }): Line[] => [
    ...of.bounds.map((bound, index) => ({
      suffix: '_bucket',
      labels: { ...labels, le: String(bound) },
      value: of.atMost[index] ?? 0,
    })),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: of.count },
    ...sumAndCount(of, labels),
  ])
  return { name, help, type: 'histogram', lines }
}

/** The quantiles that prom-client, and so CHP, shows. */
const QUANTILES = [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999]

/** A summary, estimated from a distribution. */
export function summary(name: string, help: string, of: Distribution): Family {
  const quantiles = QUANTILES.map((share) => ({
    labels: { quantile: String(share) },
    value: quantile(of, share) ?? 0,
  }))
  return { name, help, type: 'summary', lines: [...quantiles, ...sumAndCount(of, {})] }
}

function sumAndCount({ sum, count }: Distribution, labels: Labels): Line[] {
  return [
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ]
}

function asSamples(samples: number | readonly Sample[]): readonly Sample[] {
  return typeof samples === 'number' ? [{ value: samples }] : samples
}

/** The metrics in Prometheus' text format, version 0.0.4. */
export function exposition(families: readonly Family[]): string {
  return families.map(textOf).join('\n')
}

function textOf({ name, help, type, lines }: Family): string {
  const samples = lines.map(({ suffix = '', labels = {}, value }) => `${name}${suffix}${labelsText(labels)} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join('')}`
}

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([key, value]) => `${key}="${value.replace(/[\\"\n]/g, (character) => ESCAPED[character] ?? character)}"`,
  )
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
