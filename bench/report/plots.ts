import type { ContenderName } from '../contenders/contender.js'
import { CONTENDERS } from '../contenders/contender.js'
import { median } from '../statistics.js'
import type { BenchData } from '../suite/data.js'
import { valuesOf } from '../suite/data.js'
import { TABLE_SIZES } from '../works/table.js'
import { barChart, lineChart } from './svg.js'

export interface Plot {
  /** Of the file. */
  readonly name: string
  readonly title: string
  readonly svg: string
}

/** The figures that are drawn as bars, a bar for each contender. */
const BARS = [
  { name: 'requests', title: 'Requests a second, 10,000 routes', unit: 'req/s', work: 'get-deep-10k', figure: 'rate' },
  { name: 'cpu', title: 'CPU for 100,000 requests, 10,000 routes', unit: 's', work: 'get-deep-10k', figure: 'cpu100k' },
  { name: 'latency', title: "p99 latency at half of CHP's most", unit: 'ms', work: 'latency', figure: 'p99' },
  { name: 'websockets', title: 'CPU a websocket message', unit: 'us', work: 'websocket-messages', figure: 'cpu' },
  { name: 'tls', title: 'TLS requests a second', unit: 'req/s', work: 'tls-requests', figure: 'rate' },
  { name: 'add', title: 'A route added alone, 10,000 routes', unit: 'ms', work: 'changes-10000', figure: 'add-1-p50' },
  {
    name: 'memory',
    title: 'Memory, 1,000 users with a websocket each',
    unit: 'MiB',
    work: 'users-1k',
    figure: 'memory',
  },
] as const

/** Those of which there is anything to draw. */
export function plotsOf(data: BenchData): Plot[] {
  const bars = BARS.map(({ name, title, unit, work, figure }) => {
    const drawn = data.contenders.flatMap((contender) => {
      const value = medianOf(data, work, contender.name, figure)
      const color = CONTENDERS.indexOf(contender.name)
      return value === undefined ? [] : [{ label: contender.title, value, color }]
    })
    return drawn.length === 0 ? undefined : { name, title, svg: barChart({ title, unit, bars: drawn }) }
  })
  return [...bars, tables(data)].filter((plot) => plot !== undefined)
}

function tables(data: BenchData): Plot | undefined {
  const lines = data.contenders.flatMap(({ name, title }) => {
    const ys = TABLE_SIZES.map((size) => medianOf(data, `table-${size}`, name, 'deep'))
    return ys.some((y) => y !== undefined) ? [{ label: title, ys }] : []
  })
  if (lines.length === 0) return undefined
  const title = 'CPU a request by the size of the table, deep path'
  return { name: 'tables', title, svg: lineChart({ title, unit: 'us', xs: TABLE_SIZES, xTitle: 'routes', lines }) }
}

function medianOf({ samples }: BenchData, work: string, contender: ContenderName, figure: string): number | undefined {
  const values = [...valuesOf(samples, work, contender, figure).values()]
  return values.length === 0 ? undefined : median(values)
}
