import { quantile } from '../../platform/statistics.js'
import { usageOf } from '../processes/series.js'
import type { Rehearsal } from '../record.js'

const MIB = 1024 * 1024

/** Processors are what most of the time sufficed, in this long a mean; shorter peaks only wait. */
const MEAN_OVER_S = 10
const MOST_OF_THE_TIME = 0.95

/** What is added to what was measured: other days and other users. */
const MARGIN = { request: 1.2, limit: 2 } as const
/** Memory that lacks is fatal, so its limit follows from the most that was ever seen. */
const MEMORY_MARGIN = { request: 1.2, limit: 1.5 } as const

/** What to request for a proxy, as Kubernetes calls it: what is set aside for it, and what it may use at most. */
export interface Sizing {
  readonly requests: Size
  readonly limits: Size
  /** What was measured. */
  readonly measured: Size
}

export interface Size {
  /** Processors; 0.5 is half of one. */
  readonly cpus: number
  readonly memoryMib: number
}

/** Undefined if the proxy's processes could not be seen. */
export function sizingOf({ processes, seconds }: Rehearsal): Sizing | undefined {
  const usage = usageOf(processes, seconds.length).filter((one) => one !== undefined)
  if (usage.length === 0) return undefined
  const cpus = quantile(means(usage.map((one) => one.cpus)), MOST_OF_THE_TIME)
  const memoryMib = Math.max(...usage.map(({ memoryBytes }) => memoryBytes)) / MIB
  const size = (cpuMargin: number, memoryMargin: number): Size => ({
    cpus: upTo(cpus * cpuMargin, 0.05),
    memoryMib: upTo(memoryMib * memoryMargin, 10),
  })
  return {
    requests: size(MARGIN.request, MEMORY_MARGIN.request),
    limits: size(MARGIN.limit, MEMORY_MARGIN.limit),
    measured: { cpus, memoryMib },
  }
}

/** For people: the line to use, and how it was reached. */
export function sizingText(rehearsal: Rehearsal): string | undefined {
  const sizing = sizingOf(rehearsal)
  if (sizing === undefined) return undefined
  const { users, profile } = rehearsal.options
  const { requests, limits, measured } = sizing
  return [
    `for ${users.toLocaleString('en')} users of profile ${profile}: requests ${written(requests)}; limits ${written(limits)}`,
    `  The proxy used up to ${measured.cpus.toFixed(2)} CPU (over 10 s, in 95 % of the time) and ${Math.ceil(measured.memoryMib)} MiB.`,
    `  Added to that, CPU: ${percent(MARGIN.request)} for the requests, ${percent(MARGIN.limit)} for the limits; memory: ${percent(MEMORY_MARGIN.request)} and ${percent(MEMORY_MARGIN.limit)}.`,
  ].join('\n')
}

function written({ cpus, memoryMib }: Size): string {
  return `${Number(cpus.toFixed(2))} CPU, ${memoryMib.toLocaleString('en')} MiB`
}

function percent(margin: number): string {
  return `${Math.round((margin - 1) * 100)} %`
}

/** Rounded up to a multiple. */
function upTo(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step
}

/** The mean of each stretch of ten seconds; of all if there are fewer. */
function means(values: readonly number[]): number[] {
  const length = Math.min(MEAN_OVER_S, values.length)
  return Array.from({ length: values.length - length + 1 }, (_, from) => {
    const some = values.slice(from, from + length)
    return some.reduce((sum, value) => sum + value, 0) / length
  })
}
