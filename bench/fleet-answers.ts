import type { Route } from '../src/routing/route.js'
import { EtcdStore } from '../src/store/etcd/store.js'
import { Fleet } from '../test/external/fleet.js'
import { RealFleet } from '../test/fleet/real-fleet.js'
import { Etcd } from '../test/support/etcd.js'
import type { ProxyProcess } from '../test/support/proxy.js'
import { eventually } from '../test/support/wait.js'
import { ApiClient } from './api-client.js'
import { Cleanup, SILENT } from './cleanup.js'
import { median, quantile } from './statistics.js'

const TARGET = 'http://127.0.0.1:9'
/** How many routes are added one after the other in each round. */
const POSTS = 100
/** What is wanted at the most. */
const [RATIO, START_MS] = [3, 3_000]

/** Some lines, or all of them. */
export interface FleetAnswers {
  readonly text: string
  /** Whether all is as it is wanted. */
  readonly isGood: boolean
}

export interface FleetAnswersOptions {
  readonly rounds: number
  /** How many routes a control plane starts with. */
  readonly routes: number
  readonly progress: (what: string) => void
}

/**
 * What a 201 of three control planes over an etcd of three costs, beside that of one over LMDB and a change of that etcd
 * alone, in turn; then how soon a control plane takes calls that starts with many routes. Each side has one Envoy, and all
 * disks are waited for.
 */
export async function fleetAnswers({ rounds, routes, progress }: FleetAnswersOptions): Promise<FleetAnswers> {
  const cleanup = new Cleanup()
  try {
    const etcd = await Etcd.start(cleanup, { members: 3, isDurable: true })
    const fleet = await RealFleet.make(cleanup, etcd, 3)
    for (const index of [0, 1, 2]) await fleet.start(index)
    await fleet.envoy('of-three')
    const alone = await Fleet.make(cleanup)
    const one = await alone.start()
    await (await alone.envoy('of-one')).envoy.serve()
    progress('all run')
    const answers = await measureAnswers({ one, members: fleet.members, etcd }, rounds)
    for (const index of [0, 1, 2]) await fleet.stop(index)
    await fill(etcd, routes)
    progress(`${routes} routes`)
    const start = await measureStart(fleet, routes)
    return { text: `${answers.text}\n${start.text}`, isGood: answers.isGood && start.isGood }
  } finally {
    await cleanup.run()
  }
}

interface Sides {
  readonly one: ProxyProcess
  readonly members: readonly ProxyProcess[]
  readonly etcd: Etcd
}

async function measureAnswers({ one, members, etcd }: Sides, rounds: number): Promise<FleetAnswers> {
  const ratios: number[] = []
  const lines: string[] = []
  // The first round of each control plane, in which everything is new to it, doesn't count; nor as many of the one.
  for (let round = 1 - members.length; round <= rounds; round += 1) {
    const lone = await postTimes(one, round)
    const three = await postTimes(members.at(round % members.length) as ProxyProcess, round)
    const alone = await changeTimes(etcd)
    if (round <= 0) continue
    ratios.push(median(three) / median(lone))
    lines.push(
      `round ${round}: one over LMDB ${shown(lone)}, three over etcd ${shown(three)}, etcd alone ${shown(alone)}`,
    )
  }
  const ratio = median(ratios)
  const last = judged(ratio <= RATIO, `p50 of three over that of one: ${ratio.toFixed(2)} (at most ${RATIO})`)
  return { ...last, text: [...lines, last.text].join('\n') }
}

/** How long each POST took, in milliseconds. The routes are removed again. */
async function postTimes({ apiPort }: ProxyProcess, round: number): Promise<number[]> {
  const paths = Array.from({ length: POSTS }, (_, index) => `/user/r${round}-${index}`)
  const client = new ApiClient(apiPort, 1)
  const times = await client.add(paths, TARGET)
  await client.remove(paths)
  client.close()
  return times
}

/** The same changes without control planes, Envoys, and who hears of them. */
async function changeTimes(etcd: Etcd): Promise<number[]> {
  const store = await openStore(etcd, 'nobodys')
  const times: number[] = []
  for (const route of routesOf(POSTS)) {
    const begun = performance.now()
    await store.write({ key: route.routespec, before: undefined, after: route })
    times.push(performance.now() - begun)
  }
  await store.close()
  return times
}

async function fill(etcd: Etcd, count: number): Promise<void> {
  const store = await openStore(etcd, 'proxy-routes')
  await store.fill(routesOf(count))
  await store.close()
}

function openStore({ connection }: Etcd, name: string): Promise<EtcdStore> {
  return EtcdStore.open({ connection, name, hostRouting: false, log: SILENT })
}

function routesOf(count: number): Route[] {
  return Array.from({ length: count }, (_, index) => {
    return { routespec: `/user/u${index}`, data: { target: TARGET }, lastActivity: new Date() }
  })
}

async function measureStart(fleet: RealFleet, routes: number): Promise<FleetAnswers> {
  const begun = performance.now()
  const member = await fleet.begin(0)
  const post = async () =>
    member.api('POST', '/user/first', { target: TARGET }).then(
      ({ status }) => status === 201,
      () => false,
    )
  await eventually(post, 'it takes calls')
  const ms = Math.round(performance.now() - begun)
  const what = `from a start with ${routes} routes to its first 201: ${ms} ms (at most ${START_MS})`
  return judged(ms <= START_MS, what)
}

function shown(times: readonly number[]): string {
  return `${median(times).toFixed(1)} ms (p99 ${quantile(times, 0.99).toFixed(1)})`
}

function judged(isGood: boolean, what: string): FleetAnswers {
  return { text: `${isGood ? 'ok  ' : 'BAD '} ${what}`, isGood }
}
