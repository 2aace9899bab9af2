// Small rehearsals against real proxies: this one, and CHP as npm has it.
import { readdirSync, readFileSync } from 'node:fs'
import type { Test } from 'tap'
import t from 'tap'
import { packageVersion } from '../../src/platform/package.js'
import type { Rehearsal } from '../../src/rehearse/record.js'
import { rehearse } from '../../src/rehearse/run/rehearse.js'
import type { Audience, RehearsalSettings } from '../../src/rehearse/run/settings.js'
import { CHP } from '../support/chp.js'
import { PLAIN_NODE } from '../support/environment.js'
import { freePorts } from '../support/ports.js'
import { CLI } from '../support/proxy.js'

const COURSE = { profile: 'exam', users: 8, seed: 7, forMs: 14_000, rampMs: 3_000 } as const

const QUIET: Audience = { onSecond: () => {}, onNote: () => {} }

function settings(command: string | undefined): RehearsalSettings {
  return { ...COURSE, incidents: [], isMine: false, target: { kind: 'own', command } }
}

/** What was seen from outside of the rehearsal, by the second. */
interface Outside {
  readonly connections: number[]
  /** Resident bytes by process. */
  readonly memory: Array<ReadonlyMap<number, number>>
  requests: number
}

async function observed(program: string): Promise<{ rehearsal: Rehearsal; outside: Outside }> {
  const [port = 0, metricsPort = 0] = await freePorts(2)
  const outside: Outside = { connections: [], memory: [], requests: 0 }
  const counting = new Set<Promise<void>>()
  const audience: Audience = {
    onSecond: () => {
      outside.connections.push(connectionsTo(port))
      outside.memory.push(residentBytes())
      counting.add(
        requestsOf(metricsPort).then((requests) => {
          outside.requests = Math.max(outside.requests, requests)
        }),
      )
    },
    onNote: () => {},
  }
  const own = `--port ${port} --metrics-ip 127.0.0.1 --metrics-port ${metricsPort}`
  const rehearsal = await rehearse(
    settings(`${PLAIN_NODE.join(' ')} ${program} ${own}`),
    audience,
    new AbortController().signal,
  )
  await Promise.all(counting)
  return { rehearsal, outside }
}

/** Connections of users to the proxy, as the kernel has them. */
function connectionsTo(port: number): number {
  const to = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  return lines.filter((line) => {
    const [, , remote, state] = line.trim().split(/\s+/)
    return remote === to && state === '01'
  }).length
}

/** Of all processes that can be seen, as the kernel has it. */
function residentBytes(): ReadonlyMap<number, number> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return new Map(pids.map((pid) => [Number(pid), 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(statusOf(pid))?.[1] ?? 0)]))
}

/** Empty for a process that has ended meanwhile. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

/** How many requests and websockets a proxy has counted. */
async function requestsOf(port: number): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (response) => response.text(),
    () => '',
  )
  const figure = (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
  return figure('requests_web') + figure('requests_ws')
}

function showsAll(t: Test, { rehearsal, outside }: { rehearsal: Rehearsal; outside: Outside }): void {
  const { users, acts, failures, seconds, table, processes } = rehearsal
  t.strictSame(failures, [], 'nothing fails')
  t.equal(rehearsal.ended, 'complete')
  t.equal(users.filter(({ readyAfterMs }) => readyAfterMs !== undefined).length, COURSE.users, 'all get to work')
  const done = new Set(acts.map(({ act }) => act))
  const all = ['login', 'spawn', 'static', 'page', 'poll', 'save', 'upload', 'download', 'websocket', 'message']
  t.strictSame([...done].sort(), all.sort(), 'and do all that users do')
  t.ok((acts.find(({ act }) => act === 'static')?.count ?? 0) >= 110 * COURSE.users, "JupyterLab's start")
  t.strictSame(table, { wanted: COURSE.users + 1, missing: 0, stale: 0 })

  const [last, busiest] = [seconds.length - 2, Math.max(...outside.connections)]
  const most = Math.max(...seconds.map(({ connections }) => connections))
  t.ok(Math.abs(most - busiest) <= 0.05 * busiest + 1, `${most} connections at most, the kernel has ${busiest}`)
  const [ours, kernels] = [seconds[last]?.connections ?? 0, outside.connections[last] ?? 0]
  t.ok(Math.abs(ours - kernels) <= 0.05 * kernels + 1, `${ours} connections at the end, the kernel has ${kernels}`)
  const resident = outside.memory.at(-1) ?? new Map()
  const memory = processes.map(({ pid, samples }) => [samples.at(-1)?.rssBytes ?? 0, resident.get(pid) ?? 0] as const)
  const [counted, kernel] = [0, 1].map((at) => memory.reduce((sum, each) => sum + (each[at] ?? 0), 0)) as [
    number,
    number,
  ]
  t.ok(
    kernel > 0 && Math.abs(counted - kernel) <= 0.05 * kernel,
    `${counted} bytes of memory, the kernel has ${kernel}`,
  )
  const requests = seconds.reduce((sum, second) => sum + second.requests, 0)
  t.ok(
    Math.abs(requests - outside.requests) <= 0.05 * requests,
    `${requests} requests, the proxy has ${outside.requests}`,
  )
}

t.test('users do all that they do through this proxy, and nothing fails', async (t) => {
  const seen = await observed(CLI)
  showsAll(t, seen)
  const { proxy, processes } = seen.rehearsal
  t.match(proxy, { kind: 'this', name: 'configurable-envoy-proxy', version: packageVersion() })
  t.match(new Set(processes.map(({ role }) => role)), new Set(['control-plane', 'envoy']))
})

t.test('the same through CHP 5.3.0', async (t) => {
  const seen = await observed(CHP)
  showsAll(t, seen)
  t.match(seen.rehearsal.proxy, { kind: 'chp', name: 'configurable-http-proxy', version: '5.3.0' })
})

t.test('a proxy that does not start is an error that quotes it', async (t) => {
  const end = rehearse(settings('sh -c "echo no proxy here >&2"'), QUIET, new AbortController().signal)
  await t.rejects(end, { message: /ended before it served.*no proxy here/s })
})
