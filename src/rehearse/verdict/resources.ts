import { median } from '../../platform/statistics.js'
import { pidsKilledIn } from '../incidents/deeds.js'
import type { Usage } from '../processes/series.js'
import { usageOf } from '../processes/series.js'
import type { Rehearsal } from '../record.js'
import type { Check, Judge } from './check.js'
import { outcomeOf } from './check.js'

const MIB = 1024 * 1024
/** Users settle after the last of them has come. */
const SETTLE_S = 10
/** Growth in less time than this says nothing. */
const LEAST_S = 60
/** Growth by less than this is none, whatever share it is. */
const NO_GROWTH = { bytes: 50 * MIB, sockets: 100 } as const
/** How long before the end a process may have been seen last if it still ran. */
const SEEN_LAST_MS = 4_000

/** The check that finds a crash. */
export const CRASHES = 'processes that ended by themselves'

/** What the proxy itself shows. */
export const RESOURCES: readonly Judge[] = [crashes, memoryGrowth, socketGrowth, table]

function crashes({ processes, incidents, durationMs }: Rehearsal): Check | undefined {
  if (processes.length === 0) return undefined
  const killed = new Set(incidents.flatMap(({ deeds }) => deeds.flatMap(({ what }) => pidsKilledIn(what))))
  const ended = processes.filter(({ pid, role, samples }) => {
    return role !== 'helper' && !killed.has(pid) && (samples.at(-1)?.atMs ?? 0) < durationMs - SEEN_LAST_MS
  })
  return {
    name: CRASHES,
    outcome: outcomeOf(ended.length === 0),
    figure: ended.length === 0 ? '0' : ended.map(({ role, pid }) => `${role} ${pid}`).join(', '),
    limit: '0',
  }
}

function memoryGrowth(...[rehearsal, { maxGrowth }]: Parameters<Judge>): Check | undefined {
  return growth(rehearsal, maxGrowth, {
    name: 'growth of memory',
    of: ({ memoryBytes }) => memoryBytes,
    base: ({ memoryBytes }) => memoryBytes,
    none: NO_GROWTH.bytes,
    written: (bytes) => `${Math.round(bytes / MIB)} MiB`,
  })
}

/** Users' connections, each with one to a server, are not counted: a proxy may have them. */
function socketGrowth(...[rehearsal, { maxGrowth }]: Parameters<Judge>): Check | undefined {
  return growth(rehearsal, maxGrowth, {
    name: "growth of sockets beside users' connections",
    of: ({ sockets }, second) => Math.max(0, sockets - 2 * (rehearsal.seconds[second]?.connections ?? 0)),
    base: ({ sockets }) => sockets,
    none: NO_GROWTH.sockets,
    written: (sockets) => `${Math.round(sockets)}`,
  })
}

interface Grown {
  readonly name: string
  /** What may not grow. */
  readonly of: (usage: Usage, second: number) => number
  /** Of what the permitted growth is a share. */
  readonly base: (usage: Usage) => number
  /** What is too little to count. */
  readonly none: number
  readonly written: (value: number) => string
}

/** From the first to the last fifth of the time that begins when all users are there. */
function growth({ processes, seconds, options }: Rehearsal, maxGrowth: number, grown: Grown): Check | undefined {
  if (processes.length === 0) return undefined
  const { name, of, base, none, written } = grown
  const usage = usageOf(processes, seconds.length)
  const settled = usage.flatMap((one, second) =>
    one === undefined || second < options.rampMs / 1000 + SETTLE_S ? [] : [{ value: of(one, second), base: base(one) }],
  )
  const limit = `${maxGrowth} %`
  if (settled.length < LEAST_S) return { name, outcome: 'unknown', figure: 'too short to tell', limit }
  const fifth = Math.floor(settled.length / 5)
  const [first, last] = [settled.slice(0, fifth), settled.slice(-fifth)]
  const [before, after] = [median(first.map(({ value }) => value)), median(last.map(({ value }) => value))]
  const most = Math.max((median(first.map((one) => one.base)) * maxGrowth) / 100, none)
  const outcome = outcomeOf(after - before <= most)
  return { name, outcome, figure: `${written(before)} -> ${written(after)}`, limit: `${limit}, or ${written(none)}` }
}

function table({ table: found }: Rehearsal): Check | undefined {
  if (found === undefined) return undefined
  const { wanted, missing, stale } = found
  return {
    name: 'routes that are wrong at the end',
    outcome: outcomeOf(missing === 0 && stale === 0),
    figure: `${missing} missing, ${stale} stale, of ${wanted}`,
    limit: '0',
  }
}
