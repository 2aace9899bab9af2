import { rounded } from '../../operations/page/format.js'
import { Histogram } from '../histogram.js'
import { KERNEL_PAUSE_S } from '../jupyterlab.js'
import type { FailureKind, Second, UserRecord } from '../record.js'
import type { Check, Judge } from './check.js'
import { outcomeOf } from './check.js'
import { calmSeconds } from './interruptions.js'

/** JupyterHub itself gives a server that starts this long before it sends the user away. */
const READY_WITHIN_MS = 60_000

/** What users see of a proxy. */
export const SERVICE: readonly Judge[] = [
  failedRequests,
  gapOfService,
  timeWithoutKernel,
  brokenWebsockets,
  p99,
  messageP99,
  ready,
]

function failedRequests(...[rehearsal, { maxFailures, maxGap }]: Parameters<Judge>): Check {
  const calm = calmSeconds(rehearsal, maxGap)
  const kinds = new Map<FailureKind, number>()
  for (const [kind, count] of calm.flatMap(({ failures }) => Object.entries(failures))) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + count)
  }
  const failed = sum([...kinds.values()])
  const all = sum(calm.map(({ requests }) => requests))
  const parts = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${rounded(count)} ${kind}`)
  return {
    name: 'failed requests',
    outcome: outcomeOf(failed <= maxFailures),
    figure: `${rounded(failed)} of ${rounded(all)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`,
    limit: rounded(maxFailures),
  }
}

function gapOfService(...[{ users }, { maxGap }]: Parameters<Judge>): Check {
  const longest = users.reduce((most, { longestGapMs }) => Math.max(most, longestGapMs), 0)
  const affected = users.filter(({ gaps }) => gaps > 0).length
  return {
    name: 'longest gap of service',
    outcome: outcomeOf(longest <= maxGap * 1000),
    figure: `${(longest / 1000).toFixed(1)} s, ${rounded(affected)} of ${rounded(users.length)} users saw one`,
    limit: `${maxGap} s`,
  }
}

/** What JupyterLab waits by itself comes on top of what users may be without service. */
function timeWithoutKernel(...[{ users }, { maxGap }]: Parameters<Judge>): Check {
  const longest = users.reduce((most, { longestKernelGapMs }) => Math.max(most, longestKernelGapMs), 0)
  const affected = users.filter(({ kernelGaps }) => kernelGaps > 0).length
  const most = maxGap + KERNEL_PAUSE_S.most
  return {
    name: 'longest time without a kernel',
    outcome: outcomeOf(longest <= most * 1000),
    figure: `${(longest / 1000).toFixed(1)} s, ${rounded(affected)} of ${rounded(users.length)} users saw one`,
    limit: `${most} s`,
  }
}

function brokenWebsockets(...[rehearsal, { maxBrokenWebsockets, maxGap }]: Parameters<Judge>): Check {
  const broken = sum(calmSeconds(rehearsal, maxGap).map(({ websocketsBroken }) => websocketsBroken))
  return {
    name: 'broken websockets',
    outcome: outcomeOf(broken <= maxBrokenWebsockets),
    figure: rounded(broken),
    limit: rounded(maxBrokenWebsockets),
  }
}

function p99(...[{ seconds }, { maxP99 }]: Parameters<Judge>): Check {
  return times('p99 of requests', seconds, ({ latency }) => latency, maxP99)
}

function messageP99(...[{ seconds }, { maxMessageP99 }]: Parameters<Judge>): Check | undefined {
  if (!seconds.some(({ messages }) => messages > 0)) return undefined
  return times('p99 of messages', seconds, ({ messageLatency }) => messageLatency, maxMessageP99)
}

function times(
  name: string,
  seconds: readonly Second[],
  of: (second: Second) => readonly number[],
  most: number,
): Check {
  const all = new Histogram()
  for (const second of seconds) all.add(of(second))
  const limit = `${rounded(most)} ms`
  if (all.count === 0) return { name, outcome: 'unknown', figure: 'none', limit }
  const figure = all.quantile(0.99)
  return { name, outcome: outcomeOf(figure <= most), figure: `${rounded(figure)} ms`, limit }
}

/** Whoever came, stayed for long enough, and was kept from it by no incident has a notebook. */
function ready(...[{ users, durationMs }]: Parameters<Judge>): Check | undefined {
  const due = users.filter(
    ({ arrivedMs, leftMs = durationMs, excused }) =>
      excused === 0 && arrivedMs !== undefined && arrivedMs + READY_WITHIN_MS < leftMs,
  )
  if (due.length === 0) return undefined
  const waiting = due.filter(({ readyAfterMs }: UserRecord) => readyAfterMs === undefined).length
  return {
    name: 'users who never got a notebook',
    outcome: outcomeOf(waiting === 0),
    figure: `${rounded(waiting)} of ${rounded(due.length)}`,
    limit: '0',
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
