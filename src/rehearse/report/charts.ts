import { bytes, latency, rounded } from '../../operations/page/format.js'
import { Histogram } from '../histogram.js'
import type { Usage } from '../processes/series.js'
import { usageOf } from '../processes/series.js'
import type { ProcessRole, Rehearsal, Second } from '../record.js'
import type { Chart, Line } from './chart.js'

const MIB = 1024 * 1024

/** How a report calls processes of a role. */
export const ROLE_NAMES: Readonly<Record<ProcessRole, string>> = {
  proxy: 'proxy',
  'control-plane': 'control plane',
  envoy: 'Envoy',
  helper: 'helpers',
}

/** All that is drawn of a rehearsal. What was not seen is left out. */
export function chartsOf(rehearsal: Rehearsal): Chart[] {
  return [...traffic(rehearsal.seconds), ...processes(rehearsal)].filter(({ lines }) => lines.length > 0)
}

function traffic(seconds: readonly Second[]): Chart[] {
  const line = (label: string, of: (second: Second) => number | undefined): Line => ({ label, values: seconds.map(of) })
  const failures = ({ failures: kinds }: Second) => Object.values(kinds).reduce((sum, count) => sum + count, 0)
  return [
    {
      title: 'Requests a second',
      written: rounded,
      lines: [
        line('answered', (second) => second.requests - failures(second)),
        line('failed', failures),
        line("failed, an incident's own doing", ({ excused }) => excused),
      ],
    },
    {
      title: 'Time of requests',
      written: (ms) => latency(ms / 1000),
      lines: [0.5, 0.99].map((share) => line(`p${share * 100}`, (second) => quantileOf(second.latency, share))),
    },
    {
      title: 'Time of messages over websockets',
      written: (ms) => latency(ms / 1000),
      lines: [0.5, 0.99].map((share) => line(`p${share * 100}`, (second) => quantileOf(second.messageLatency, share))),
    },
    {
      title: 'Users and their connections',
      written: rounded,
      lines: [
        line('users', ({ activeUsers }) => activeUsers),
        line('websockets', ({ websocketsOpen }) => websocketsOpen),
        line('connections', ({ connections }) => connections),
      ],
    },
    {
      title: 'Websockets that broke, a second',
      written: rounded,
      lines: [line('broken', ({ websocketsBroken }) => websocketsBroken)],
    },
  ]
}

function quantileOf(sparse: readonly number[], share: number): number | undefined {
  return sparse.length === 0 ? undefined : Histogram.of(sparse).quantile(share)
}

function processes({ processes: records, seconds }: Rehearsal): Chart[] {
  const roles = [...new Set(records.map(({ role }) => role))]
  const usages = roles.map((role) => ({
    label: ROLE_NAMES[role],
    usage: usageOf(
      records.filter((record) => record.role === role),
      seconds.length,
    ),
  }))
  const lines = (of: (usage: Usage) => number): Line[] =>
    usages.map(({ label, usage }) => ({ label, values: usage.map((one) => one && of(one)) }))
  return [
    {
      title: 'Processors that the proxy keeps busy',
      written: (cpus) => cpus.toFixed(2),
      lines: lines(({ cpus }) => cpus),
    },
    { title: "The proxy's memory", written: bytes, unit: MIB, lines: lines(({ memoryBytes }) => memoryBytes) },
    { title: "The proxy's sockets", written: rounded, lines: lines(({ sockets }) => sockets) },
  ]
}
