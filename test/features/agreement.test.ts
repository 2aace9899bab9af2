import fc from 'fast-check'
import { pino } from 'pino'
import t from 'tap'
import { recheckClusters } from '../../src/data-plane/embedded/recovery.js'
import { PUBLIC, TYPE_URL } from '../../src/resources/names.js'
import type { WaitPolicy } from '../../src/xds/wait-policy.js'
import { ANY_ENVOYS, ONE_ENVOY } from '../../src/xds/wait-policy.js'
import { turns } from './clock.js'
import type { SimulatedEnvoy } from './envoy.js'
import { addressOf } from './envoy.js'
import { TestStore } from './store.js'
import type { Call } from './world.js'
import { World } from './world.js'

const ROUTES = ['/a', '/b', '/c', '/d'] as const
/** Envoys refuse what leads here. */
const BAD = 4

type Deed = 'silence' | 'answer' | 'speak' | 'leave' | 'die' | 'connect' | 'restart'
type Step =
  | { readonly type: 'post'; readonly route: string; readonly port: number }
  | { readonly type: 'delete'; readonly route: string }
  | { readonly type: 'activity' | 'store fails' | 'store works' | 'store hangs' | 'store goes on' }
  | { readonly type: Deed; readonly envoy: number }
  | { readonly type: 'time'; readonly ms: number }
  | { readonly type: 'crash' }

const route = fc.constantFrom(...ROUTES)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('post'), route, port: fc.integer({ min: 1, max: BAD }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete'), route }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('activity', 'store fails', 'store works', 'store hangs', 'store goes on'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom('silence', 'answer', 'speak', 'leave', 'die', 'connect', 'restart'),
      envoy: fc.nat(1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('time'), ms: fc.constantFrom(1, 600, 2_500, 11_000) }) },
) as fc.Arbitrary<Step>

function act(envoy: SimulatedEnvoy, type: Deed): void {
  if (type === 'silence') envoy.answers = false
  if (type === 'answer') envoy.answer()
  if (type === 'speak') {
    envoy.answers = true
    envoy.answerAll()
  }
  if (type === 'leave') envoy.disconnect(true)
  if (type === 'die') envoy.disconnect(false)
  if (type === 'connect' && envoy.stream === undefined) envoy.connect()
  if (type === 'restart') envoy.restart()
}

/** A control plane with its Envoys, and what the hub has been promised. */
class Run {
  readonly #waitPolicy: WaitPolicy
  readonly #ends: Array<() => unknown> = []
  /** What the store had when the control plane was started. */
  #begun = new Map<string, string>()
  #calls = new Map<Call, Step>()
  #world: World

  private constructor(waitPolicy: WaitPolicy, world: World, ends: Array<() => unknown>) {
    this.#waitPolicy = waitPolicy
    this.#world = world
    this.#ends = ends
  }

  static async begin(waitPolicy: WaitPolicy, envoys: number): Promise<Run> {
    const ends: Array<() => unknown> = []
    const world = await World.start({ teardown: (end) => ends.push(end) }, { waitPolicy })
    for (let count = 0; count < envoys; count += 1) {
      const envoy = await world.envoy()
      envoy.refuses = (name, _version, bytes) =>
        name.startsWith('r:') && addressOf(bytes)?.endsWith(`:${BAD}`) ? 'bad' : undefined
    }
    return new Run(waitPolicy, world, ends)
  }

  async perform(step: Step): Promise<void> {
    const world = this.#world
    const { store } = world
    if (step.type === 'post') this.#calls.set(world.post(step.route, `http://127.0.0.1:${step.port}`), step)
    else if (step.type === 'delete') this.#calls.set(world.delete(step.route), step)
    else if (step.type === 'activity') void world.core.table.storeActivity(new Date(0)).catch(() => {})
    else if (step.type === 'store fails') store.failsWith = 'the disk is full'
    else if (step.type === 'store works') store.failsWith = undefined
    else if (step.type === 'store hangs') store.hold()
    else if (step.type === 'store goes on') store.release()
    else if (step.type === 'time') await world.clock.pass(step.ms)
    else if (step.type === 'crash') await this.#crash()
    else if ('envoy' in step) {
      const envoy = world.envoys[step.envoy % world.envoys.length]
      if (envoy !== undefined) act(envoy, step.type)
    }
    await turns(3)
  }

  /** The control plane dies, and the next one goes on with the Envoys that run and what is stored. */
  async #crash(): Promise<void> {
    const { store, envoys } = this.#world
    for (const name of ROUTES) this.#check(name, 'stored', store.target(name))
    for (const envoy of envoys) envoy.disconnect(false)
    const options = { waitPolicy: this.#waitPolicy, store: new TestStore([...store.routes.values()]) }
    const world = await World.start({ teardown: (end) => this.#ends.push(end) }, options)
    this.#begun = new Map([...store.routes].map(([name, { data }]) => [name, data.target]))
    this.#calls = new Map()
    this.#world = world
    for (const envoy of envoys) {
      world.envoys.push(envoy)
      envoy.moveTo(world.core.collections)
      envoy.connect()
      const { clusters, listeners } = world.core
      void listeners.delivery
        .delivered(PUBLIC)
        .catch(() => {})
        .then(() => recheckClusters(adminOf(envoy), clusters, pino({ level: 'silent' })))
    }
  }

  /** Whatever was wrong with Envoys and store is over. All agree on what was answered. */
  async end(): Promise<void> {
    const { store, envoys, clock } = this.#world
    store.failsWith = undefined
    store.release()
    for (const envoy of envoys) {
      act(envoy, 'speak')
      act(envoy, 'connect')
    }
    await clock.pass(30_000)
    for (const [{ answer }, step] of this.#calls) {
      if (answer === undefined) throw new Error(`never answered: ${JSON.stringify(step)}`)
    }
    for (const name of ROUTES) {
      const shown = (await this.#world.get(name))?.target
      this.#check(name, 'shown', shown)
      this.#check(name, 'stored', store.target(name))
      // What no Envoy was there to judge is refused later, and said to be.
      if (shown?.endsWith(`:${BAD}`)) continue
      for (const envoy of envoys) {
        const target = envoy.target(name)
        this.#check(name, `in ${envoy.node}`, target && `http://${target}`)
      }
    }
    for (const end of this.#ends) await end()
  }

  #check(name: string, where: string, target: string | undefined): void {
    const allowed = this.#allowed(name)
    if (!allowed.includes(target)) throw new Error(`${name} is ${target} ${where}, which is none of ${allowed}`)
  }

  /** What the last change that was answered with success has made of a route; or one after it that is not answered. */
  #allowed(name: string): Array<string | undefined> {
    let allowed = [this.#begun.get(name)]
    for (const [{ answer }, step] of this.#calls) {
      if (!('route' in step) || step.route !== name) continue
      const target = step.type === 'post' ? `http://127.0.0.1:${step.port}` : undefined
      if (answer === undefined) allowed = [...allowed, target]
      else if (answer.status === 201 || answer.status === 204) allowed = [target]
    }
    return allowed
  }
}

function adminOf(envoy: SimulatedEnvoy): Parameters<typeof recheckClusters>[0] {
  return {
    rejectedUpdates: async () => envoy.refusals,
    clusters: async <T>() =>
      envoy.all(TYPE_URL.cluster).map(({ name, version }) => ({ version, cluster: { name } as T })),
  }
}

/** Beginnings that chance seldom finds: what follows may be anything. */
const scripts = fc.record({ route, envoy: fc.nat(1), crash: fc.boolean() }).chain(({ route, envoy, crash }) =>
  fc.constantFrom<Step[]>(
    // The store fails when the Envoy that has the change is silent.
    [
      { type: 'store hangs' },
      { type: 'post', route, port: 1 },
      { type: 'silence', envoy },
      { type: 'store fails' },
      { type: 'store goes on' },
      { type: 'time', ms: 11_000 },
      { type: 'store works' },
    ],
    // Envoy takes a part of a response that it refuses, and hears no more of it.
    [
      { type: 'silence', envoy },
      ...ROUTES.map((name, index): Step => ({ type: 'post', route: name, port: index === 3 ? BAD : 1 })),
      ...[1, 2, 3].map((): Step => ({ type: 'answer', envoy })),
      crash ? { type: 'crash' } : { type: 'leave', envoy },
      { type: 'time', ms: 11_000 },
    ],
  ),
)

const RUNS = Number(process.env.AGREEMENT_RUNS ?? 40)

for (const [what, waitPolicy, envoys, steps] of [
  ['one Envoy', ONE_ENVOY, 1, fc.oneof({ weight: 12, arbitrary: step }, fc.constant<Step>({ type: 'crash' }))],
  ['two Envoys of others', ANY_ENVOYS, 2, step],
] as const) {
  t.test(`whatever fails in whatever order, ${what}, table and store end with what was answered`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(scripts), fc.array(steps, { maxLength: 20 }), async (script, steps) => {
        const beginning = (script ?? []).filter(({ type }) => type !== 'crash' || waitPolicy === ONE_ENVOY)
        const run = await Run.begin(waitPolicy, envoys)
        for (const step of [...beginning, ...steps]) await run.perform(step)
        await run.end()
      }),
      { numRuns: RUNS },
    )
  })
}
