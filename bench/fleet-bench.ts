import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ANY_ENVOYS } from '../src/xds/wait-policy.js'
import { residentMemory } from '../test/support/memory.js'
import { freePorts } from '../test/support/ports.js'
import { ProxyProcess } from '../test/support/proxy.js'
import { eventually } from '../test/support/wait.js'
import { ApiClient } from './api-client.js'
import { Remote } from './remote.js'
import type { SimulatedEnvoys } from './simulated-envoys.js'
import { median } from './statistics.js'
import { storeRoutes } from './stored-routes.js'

/** A route leads to one after the other, so that each POST changes it. */
const TARGETS = ['http://127.0.0.1:9', 'http://127.0.0.1:10'] as const
/** What is wanted at the most. */
const RSS_MB = 700
const POST_MS = 1_000
/** How long one Envoy may take to get its changes. */
const PATIENCE_MS = 100_000
/** How long everything is left alone between two measurements. */
const QUIET_MS = 2_000

interface Post {
  readonly ms: number
  /** For how long of that the control plane could have gone on, but others had the processors. */
  readonly waitedMs: number
}

interface Moment {
  readonly what: string
  readonly act: () => Promise<void>
  /** How long a POST may take meanwhile, in milliseconds. */
  readonly postMs: number
}

interface Measured extends Omit<Moment, 'act'> {
  /** The most memory that the control plane had meanwhile, in MB. */
  readonly peakRss: number
  /** Processor time that its main thread took, in milliseconds. */
  readonly ranMs: number
  /** Of the calls made one after the other meanwhile. */
  readonly posts: readonly Post[]
}

export interface FleetBenchOptions {
  readonly routes: number
  readonly envoys: number
  readonly progress: (what: string) => void
}

/** A control plane with many routes and many Envoys, at its worst moments. */
export async function fleetBench({ routes, envoys: count, progress }: FleetBenchOptions): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-bench-'))
  const address = `unix:${join(directory, 'xds.sock')}`
  const ports = (await freePorts(2)) as [number, number]
  const stateDir = join(directory, 'state')
  const args = ['--envoy-mode', 'external', '--xds-address', address, '--state-dir', stateDir, '--log-level', 'error']
  const start = () => ProxyProcess.spawn(args, { runtimeBase: directory, ports })
  const envoys = new Remote<SimulatedEnvoys>(new URL('envoys-process.js', import.meta.url), [address])
  progress(`storing ${routes} routes`)
  const routespecs = Array.from({ length: routes }, (_, index) => `/user/user-${index}`)
  await storeRoutes(stateDir, routespecs, TARGETS[0])
  let proxy = await start()
  try {
    await serves(proxy)
    progress('one Envoy gets them all')
    await envoys.call('load', routes)
    await proxy.stop()
    proxy = await start()
    await serves(proxy)
    const idle = await residentMemory(proxy.child.pid ?? 0)
    const measured: Measured[] = []
    for (const moment of momentsOf(envoys, routes, count)) {
      progress(moment.what)
      measured.push(await measure(proxy, moment))
    }
    return report(idle, measured)
  } finally {
    await Promise.all([envoys.stop(), proxy.stop()])
    await rm(directory, { recursive: true, force: true })
  }
}

function momentsOf(envoys: Remote<SimulatedEnvoys>, routes: number, count: number): Moment[] {
  const changes = Math.round(routes / 2)
  const comeBack = async () => {
    await envoys.call('disconnect')
    await envoys.call('connect', 0, count, 0)
    await reached(envoys, count)
  }
  const getChanges = async () => {
    const before = await envoys.call('received')
    await envoys.call('connect', count, 1, changes)
    await eventually(async () => (await envoys.call('received')) >= before + changes, 'it has them', PATIENCE_MS)
  }
  const begin = async () => {
    await envoys.call('disconnect')
    await envoys.call('start', count)
    await reached(envoys, count)
  }
  // A control plane that has just started waits for Envoys that the one before may have left.
  const postMs = POST_MS + ANY_ENVOYS.startMs
  return [
    { what: `${count} Envoys come to a control plane that has just started`, act: comeBack, postMs },
    { what: `${count} Envoys lose their connection and come back`, act: comeBack, postMs: POST_MS },
    { what: `one Envoy more must get ${changes} changes`, act: getChanges, postMs: POST_MS },
    { what: `${count} Envoys start at once`, act: begin, postMs: POST_MS },
  ]
}

async function serves(proxy: ProxyProcess): Promise<void> {
  await eventually(
    async () => (await proxy.api('GET', '/none').catch(() => undefined))?.status === 404,
    'the control plane serves',
    PATIENCE_MS,
  )
}

/** Every Envoy has been sent a change, so that the control plane is done with what they said on connecting. */
async function reached(envoys: Remote<SimulatedEnvoys>, count: number): Promise<void> {
  await eventually(async () => (await envoys.call('reached')) === count, 'all Envoys are told of changes', PATIENCE_MS)
  await delay(QUIET_MS)
}

/** Does something, and makes calls one after the other as long as it takes. */
async function measure(proxy: ProxyProcess, { what, act, postMs }: Moment): Promise<Measured> {
  const pid = proxy.child.pid ?? 0
  // Has the kernel begin anew with the most that the process has had.
  await writeFile(`/proc/${pid}/clear_refs`, '5')
  const before = await schedule(pid)
  const posts: Post[] = []
  let isOver = false
  const posting = (async () => {
    const client = new ApiClient(proxy.apiPort, 1)
    for (let turn = 0; !isOver; turn ^= 1) posts.push(await post(pid, client, TARGETS[turn] ?? ''))
    client.close()
  })()
  await act()
  isOver = true
  await posting
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const { ranMs } = await schedule(pid)
  return {
    what,
    postMs,
    posts,
    ranMs: ranMs - before.ranMs,
    peakRss: Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024,
  }
}

async function post(pid: number, client: ApiClient, target: string): Promise<Post> {
  const before = await schedule(pid)
  const [ms = Number.NaN] = await client.add(['/a-route'], target)
  const after = await schedule(pid)
  return { ms, waitedMs: after.waitedMs - before.waitedMs }
}

function report(idle: number, measured: readonly Measured[]): string {
  const lines = measured.flatMap(({ what, postMs, peakRss, ranMs, posts }) => {
    const [longest] = posts.toSorted((one, other) => other.ms - one.ms)
    if (longest === undefined) return []
    const times =
      `${longest.ms.toFixed(0)} ms, in ${longest.waitedMs.toFixed(0)} of which others had the processors; ` +
      `${median(posts.map(({ ms }) => ms)).toFixed(1)} ms at the median of ${posts.length}`
    return [
      `${what} (${(ranMs / 1000).toFixed(1)} s of processor time):`,
      line(`  the control plane below ${RSS_MB} MB`, `${peakRss.toFixed(0)} MB at the most`, peakRss < RSS_MB),
      line(`  no POST above ${postMs} ms`, times, longest.ms < postMs),
    ]
  })
  return [`The control plane has ${idle.toFixed(0)} MB before any Envoy comes.`, ...lines].join('\n')
}

/** For how long the main thread of a process has run, and could have run, in milliseconds. */
async function schedule(pid: number): Promise<{ readonly ranMs: number; readonly waitedMs: number }> {
  const [ran, waited] = (await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ').map(Number)
  return { ranMs: (ran ?? Number.NaN) / 1e6, waitedMs: (waited ?? Number.NaN) / 1e6 }
}

/** What was wanted and what was seen. */
function line(wanted: string, seen: string, met: boolean): string {
  return `${met ? 'met    ' : 'NOT met'}  ${wanted}: ${seen}`
}
