import type { ContenderName } from '../contenders/contender.js'
import type { Spread } from '../statistics.js'
import { spreadOf } from '../statistics.js'
import type { Sample } from '../suite/data.js'
import { valuesOf } from '../suite/data.js'

/** A figure of one contender at one piece of work. */
export interface Place {
  readonly work: string
  readonly contender: ContenderName
  readonly figure: string
}

/** What must hold: a figure, or its ratio to another. */
export interface Requirement {
  readonly title: string
  readonly of: Place
  /** Without it, the figure itself is what is wanted. */
  readonly against?: Place
  readonly wanted: { readonly atMost: number } | { readonly atLeast: number }
  /** Of a figure that is no ratio. */
  readonly unit?: string
  /** The section of docs/design.md that says why it can't be had, if so. */
  readonly limit?: string
}

export interface Verdict {
  readonly requirement: Requirement
  /** Undefined if it wasn't measured. */
  readonly seen: Spread | undefined
  readonly holds: boolean | undefined
}

/**
 * Whether it holds at the median. A ratio is made round by round, since what was measured one after the other had the same
 * machine, whatever else it did.
 */
export function judge(requirement: Requirement, samples: readonly Sample[]): Verdict {
  const { of, against, wanted } = requirement
  const own = valuesOf(samples, of.work, of.contender, of.figure)
  const other = against && valuesOf(samples, against.work, against.contender, against.figure)
  const values = [...own].flatMap(([round, value]) => {
    if (other === undefined) return [value]
    const base = other.get(round)
    return base === undefined ? [] : [value / base]
  })
  const seen = spreadOf(values)
  if (seen === undefined) return { requirement, seen, holds: undefined }
  return { requirement, seen, holds: 'atMost' in wanted ? seen.median <= wanted.atMost : seen.median >= wanted.atLeast }
}

const at = (work: string, contender: ContenderName, figure: string): Place => ({ work, contender, figure })

/** The same figure of this proxy and of another. */
function beside(work: string, figure: string, other: ContenderName): Pick<Requirement, 'of' | 'against'> {
  return { of: at(work, 'ours', figure), against: at(work, other, figure) }
}

/** Two figures of this proxy. */
function within(
  [work, figure]: readonly [string, string],
  [baseWork, base]: readonly [string, string],
): Pick<Requirement, 'of' | 'against'> {
  return { of: at(work, 'ours', figure), against: at(baseWork, 'ours', base) }
}

/** Sections of docs/design.md. */
const [ROUTE, REQUEST, WEBSOCKET] = ['What a route costs', 'What a request costs', 'What a websocket costs']
const [TRANSFER, START] = ['What a transfer costs', 'Start']

/** All that is wanted of the performance. */
export const REQUIREMENTS: readonly Requirement[] = [
  {
    title: "Envoy's CPU a request, 10,000 routes, deep path, against static Envoy with as many clusters",
    ...beside('get-deep-10k', 'dataCpu', 'envoy'),
    wanted: { atMost: 1.2 },
    limit: REQUEST,
  },
  {
    title: 'requests a second, 10,000 routes, one worker, against CHP 5.3.0',
    ...beside('get-deep-10k', 'rate', 'chp-5.3.0'),
    wanted: { atLeast: 3 },
    limit: REQUEST,
  },
  {
    title: 'the same against CHP 4.6.3',
    ...beside('get-deep-10k', 'rate', 'chp-4.6.3'),
    wanted: { atLeast: 2.2 },
    limit: REQUEST,
  },
  {
    title: "p99 latency at half of CHP 5.3.0's most, against CHP 5.3.0",
    ...beside('latency', 'p99', 'chp-5.3.0'),
    wanted: { atMost: 0.5 },
  },
  {
    // Clients take as much of a processor as the proxy, so the rate alone would measure them.
    title: 'websocket messages a second that one processor can carry, against CHP 5.3.0',
    ...beside('websocket-messages', 'capacity', 'chp-5.3.0'),
    wanted: { atLeast: 3 },
    limit: WEBSOCKET,
  },
  {
    title: 'TLS requests a second, against CHP 5.3.0',
    ...beside('tls-requests', 'rate', 'chp-5.3.0'),
    wanted: { atLeast: 3 },
    limit: REQUEST,
  },
  ...(['get-100mb', 'post-100mb'] as const).flatMap((work) =>
    (['time', 'cpu'] as const).map((figure) => ({
      title: `${work === 'get-100mb' ? 'a download' : 'an upload'} of 100 MB, against CHP 5.3.0: ${figure}`,
      ...beside(work, figure, 'chp-5.3.0'),
      wanted: { atMost: 0.7 },
      limit: TRANSFER,
    })),
  ),
  {
    // Speeds are inverse to times.
    title: 'speed of an upload over HTTP/2 at 150 ms round trip, against HTTP/1.1',
    ...within(['upload-far', 'http1'], ['upload-far', 'http2']),
    wanted: { atLeast: 0.9 },
  },
  {
    title: 'an add alone at 50,000 routes, median, against 100 routes',
    ...within(['changes-50000', 'add-1-p50'], ['changes-100', 'add-1-p50']),
    wanted: { atMost: 1.3 },
  },
  {
    title: 'an add alone, median, against CHP 5.3.0',
    ...beside('changes-10000', 'add-1-p50', 'chp-5.3.0'),
    wanted: { atMost: 4 },
    limit: ROUTE,
  },
  {
    title: '10,000 routes added, 10 at a time, against CHP 5.3.0: time',
    ...beside('fill-10k', 'time', 'chp-5.3.0'),
    wanted: { atMost: 2 },
    limit: ROUTE,
  },
  {
    title: 'an add under full proxy load, p99, against idle',
    ...within(['changes-loaded', 'add-1-p99'], ['changes-10000', 'add-1-p99']),
    wanted: { atMost: 4 },
  },
  {
    title: "Envoy's memory a route",
    of: at('fill-10k', 'ours', 'dataRoute'),
    wanted: { atMost: 16 },
    unit: 'KiB',
    limit: ROUTE,
  },
  {
    title: "the control plane's memory a route",
    of: at('fill-10k', 'ours', 'controlRoute'),
    wanted: { atMost: 2 },
    unit: 'KiB',
    limit: ROUTE,
  },
  {
    title: "the control plane's memory at start",
    of: at('fill-10k', 'ours', 'controlStart'),
    wanted: { atMost: 60 },
    unit: 'MiB',
    limit: ROUTE,
  },
  {
    title: 'memory an idle websocket, against CHP 5.3.0',
    ...beside('websockets-idle', 'memory', 'chp-5.3.0'),
    wanted: { atMost: 0.5 },
    limit: WEBSOCKET,
  },
  {
    title: 'memory of all processes, 1,000 users with a websocket each, against CHP 5.3.0',
    ...beside('users-1k', 'memory', 'chp-5.3.0'),
    wanted: { atMost: 1 },
    limit: WEBSOCKET,
  },
  {
    title: "the control plane's CPU while 10,000 requests a second pass",
    of: at('control-cpu', 'ours', 'cpu'),
    wanted: { atMost: 2 },
    unit: '%',
  },
  {
    title: 'start to ready with 10,000 stored routes, against Envoy with the same clusters in a file',
    ...beside('start-10k', 'time', 'envoy'),
    wanted: { atMost: 1.3 },
    limit: START,
  },
]
