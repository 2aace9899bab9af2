import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FatalError } from '../../src/platform/fatal-error.js'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { Network, NODE_IP } from '../../test/helm/network.js'
import type { InPod } from '../../test/kubernetes/pods.js'
import { positive } from '../positive.js'
import { Faults } from './faults.js'
import { startKubernetes } from './kubernetes.js'
import { Stage } from './stage.js'
import { Tally } from './tally.js'
import type { Asked } from './traffic.js'
import { Traffic } from './traffic.js'

const STEADY = '/user/steady'
/** The target of all routes at the beginning. */
const FIRST = 'first'
/** How many routes are added at once before it begins. */
const LANES = 20
/** How often each is asked for, and the pause before the next time, in milliseconds. */
const [TRIES, RETRY_MS] = [50, 200]

const OPTIONS = {
  minutes: { type: 'string', default: '10' },
  routes: { type: 'string', default: '5000' },
  writes: { type: 'string', default: '200' },
  members: { type: 'string', default: '3' },
  envoys: { type: 'string', default: '4' },
  store: { type: 'string', default: 'etcd' },
} as const

/** What it runs in: a network of its own, and processes that end with it, whatever ends it. */
const APART = ['--net', '--pid', '--mount-proc', '--kill-child']

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs itself again in namespaces of its own. When this process gets a signal or is killed, that one ends in order. */
export async function fleetChaos(args: readonly string[]): Promise<string> {
  const program = fileURLToPath(import.meta.url)
  const child = spawn('unshare', [...APART, process.execPath, program, ...args], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  // `unshare` passes no signals on.
  for (const signal of SIGNALS) process.once(signal, () => child.stdin.end())
  const [status] = (await once(child, 'exit')) as [number | null]
  if (status !== 0) throw new Error('Not all was as it should be.')
  return ''
}

async function main(): Promise<boolean> {
  const choice = chosen()
  const steps: Array<() => unknown> = []
  const directory = await mkdtemp(join(tmpdir(), 'cep-chaos-'))
  steps.push(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  try {
    return await Promise.race([play(directory, (step) => steps.push(step), choice), untilStopped()])
  } finally {
    for (const step of steps.reverse()) await step()
  }
}

/** Resolves when the run is to end before its time: nothing has been shown then. */
function untilStopped(): Promise<false> {
  return new Promise((resolve) => {
    const stop = (why: string) => {
      console.error(`Ending: ${why}`)
      resolve(false)
    }
    for (const signal of SIGNALS) process.once(signal, () => stop(signal))
    process.stdin.resume().once('close', () => stop('whoever started this has ended'))
  })
}

type Choice = ReturnType<typeof chosen>

/** @throws FatalError, before anything is started */
function chosen() {
  const { values } = parseArgs({ options: OPTIONS })
  return {
    store: values.store,
    minutes: positive(values, 'minutes'),
    routes: positive(values, 'routes'),
    writes: positive(values, 'writes'),
    members: positive(values, 'members'),
    envoys: positive(values, 'envoys'),
  }
}

async function play(directory: string, onEnd: (step: () => unknown) => void, choice: Choice): Promise<boolean> {
  const begun = performance.now()
  const progress = (line: string) =>
    console.log(
      `${new Date().toISOString()}  ${String(Math.round((performance.now() - begun) / 1000)).padStart(4)} s  ${line}`,
    )
  const network = await Network.create()
  const stage = await Stage.make({ network, directory, onEnd })
  const [hub, targets] = [await startTarget('hub', onEnd), await startTarget(undefined, onEnd)]
  const { store, inPod } = await startStore(choice.store, stage, directory, onEnd)
  const members: Array<Asked & { readonly xds: string }> = []
  for (let index = 0; index < choice.members; index += 1) {
    members.push(await stage.member(index, store, hub, inPod))
  }
  const envoys: Asked[] = []
  for (let index = 0; index < choice.envoys; index += 1) {
    envoys.push(
      await stage.envoy(
        index,
        members.map(({ xds }) => xds),
      ),
    )
  }
  const faults = new Faults({ parts: stage.parts, members, envoys, progress })
  if (!(await faults.wellBy(performance.now() + 60_000))) {
    throw new Error(`not all parts have started: ${await keepLogs(stage)} says why`)
  }
  progress('all parts run')
  const tally = new Tally()
  const target = (name: string) => `${targets}/${name}`
  const traffic = new Traffic({ members, envoys, target, tally, during: () => faults.now })
  await addRoutes(traffic, members, choice.routes)
  progress(`${choice.routes} routes`)

  const until = performance.now() + choice.minutes * 60_000
  const work = [traffic.write(choice.writes), traffic.use(`${STEADY}/x`, FIRST)]
  await faults.run(until)
  traffic.end()
  await Promise.all(work)
  await traffic.compare()
  const isGood = tally.isGood && faults.late.length === 0
  if (!isGood) console.log(`\nThe logs are in ${await keepLogs(stage)}`)
  console.log(`\n${faults.count} troubles, one after the other\n${tally.report()}`)
  for (const late of faults.late) console.log(`BAD  not well again within 60 s: ${late}`)
  return isGood
}

/** @returns the directory with the logs of all parts */
async function keepLogs({ parts }: Stage): Promise<string> {
  const directory = join(PACKAGE_ROOT, 'build/fleet-chaos')
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  for (const { log } of parts) if (existsSync(log)) await copyFile(log, join(directory, basename(log)))
  return directory
}

/** The options that lead to it. */
async function startStore(
  name: string,
  stage: Stage,
  directory: string,
  onEnd: (step: () => unknown) => void,
): Promise<{ readonly store: readonly string[]; readonly inPod?: InPod }> {
  if (name === 'etcd') {
    const endpoints = await stage.etcd(3)
    return { store: ['--storage-backend=etcd', `--etcd-endpoints=${endpoints.join(',')}`] }
  }
  if (name !== 'kubernetes') throw new Error(`--store is etcd or kubernetes, not ${name}`)
  const { part, pod } = await startKubernetes(directory, onEnd)
  stage.parts.push(part)
  return { store: ['--storage-backend=kubernetes'], inPod: pod }
}

/**
 * Something that answers with its name, or with the first part of the path that it is asked for.
 *
 * @returns its URL
 */
async function startTarget(name: string | undefined, onEnd: (step: () => unknown) => void): Promise<string> {
  const server = createServer(({ url = '' }, response) =>
    response.end(JSON.stringify({ name: name ?? url.split('/')[1] })),
  )
  server.listen(0, NODE_IP)
  await once(server, 'listening')
  onEnd(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://${NODE_IP}:${(server.address() as AddressInfo).port}`
}

async function addRoutes(traffic: Traffic, members: readonly Asked[], count: number): Promise<void> {
  const paths = [STEADY, ...Array.from({ length: count }, (_, index) => `/user/u${index}`)]
  const lane = async () => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
      const member = members[paths.length % members.length] as Asked
      // One that is ready may have yet to take its place, if no other has one.
      for (let tries = 1; ; tries += 1) {
        const status = await traffic.api(member, path, FIRST)
        if (status === 201) break
        if (status !== 503 || tries === TRIES) throw new Error(`POST ${path}: ${status}`)
        await delay(RETRY_MS)
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isGood = await main().catch((error: Error) => {
    console.error(error instanceof FatalError ? error.message : error)
    return false
  })
  process.exit(isGood ? 0 : 1)
}
