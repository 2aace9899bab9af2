import type { Logger } from 'pino'
import type { ActivityExchange } from '../../src/fleet/activity.js'
import { LIMITS } from '../../src/fleet/protocol/limits.js'
import { FleetStore } from '../../src/fleet/store.js'
import type { HostResolver } from '../../src/names/resolver.js'
import type { EnvoyAdmission } from '../../src/xds/admission.js'
import { ENVOYS_OF_FLEET } from '../../src/xds/wait-policy.js'
import { SharedRoutes } from '../support/shared-store.js'
import { TestClock, turns } from './clock.js'
import { SimulatedEnvoy } from './envoy.js'
import type { LocalLinks } from './local-links.js'
import { Network } from './local-links.js'
import { until, World } from './world.js'

type Tap = { teardown(fn: () => unknown): unknown }

/** How long an Envoy takes to be at another control plane. */
const MOVE_MS = 100

/** A control plane of a fleet. */
export class Member {
  readonly world: World
  readonly store: FleetStore
  readonly #fleet: FleetOfWorlds
  readonly admission: EnvoyAdmission
  readonly activity: ActivityExchange
  readonly envoys = new Set<SimulatedEnvoy>()

  constructor(fleet: FleetOfWorlds, world: World, store: FleetStore) {
    this.#fleet = fleet
    this.world = world
    this.store = store
    this.activity = store.exchangeActivity(world.core.table)
    this.admission = store.place.admission(() => this.#dropEnvoys()) as EnvoyAdmission
  }

  get standing(): string {
    return this.store.place.standing
  }

  #dropEnvoys(): void {
    for (const envoy of [...this.envoys]) {
      envoy.disconnect()
      this.#fleet.lost(envoy, this)
    }
  }

  /** An Envoy has connected, or tries to. */
  take(envoy: SimulatedEnvoy): void {
    envoy.moveTo(this.world.core.collections, this.admission)
    envoy.connect()
    if (envoy.stream !== undefined) this.envoys.add(envoy)
  }
}

/**
 * Control planes over one store, in one process and with one clock. Each Envoy is at one of them, and goes to the next that
 * takes it when its stream has ended.
 */
export class FleetOfWorlds {
  readonly clock = new TestClock()
  readonly shared = new SharedRoutes(() => this.clock.now())
  readonly network = new Network()
  readonly members: Member[] = []
  readonly #t: Tap
  #ids = 0

  constructor(t: Tap) {
    this.#t = t
  }

  /** Members that have been in their place for a while: they don't wait for Envoys of their predecessors any longer. */
  static async start(t: Tap, count: number): Promise<FleetOfWorlds> {
    const fleet = new FleetOfWorlds(t)
    for (let index = 0; index < count; index += 1) await fleet.add()
    await fleet.clock.pass(LIMITS.move)
    return fleet
  }

  /** One more, that is in its place. */
  async add(resolver?: HostResolver): Promise<Member> {
    const member = await this.begin(resolver)
    await this.passUntil(() => member.standing === 'in', `member ${this.members.length} is in its place`)
    return member
  }

  /** One more, that has loaded the routes. */
  async begin(resolver?: HostResolver): Promise<Member> {
    const { clock, shared, network } = this
    this.#ids += 1
    const name = `m${this.#ids}`
    let stores = 0
    let store: FleetStore | undefined
    const openStore = (_clock: TestClock, log: Logger) => {
      store = new FleetStore({
        ...{ store: shared.open(), address: `${name}:1`, tls: undefined, canMove: true, log, clock },
        newId: () => {
          stores += 1
          return `${name}-${stores}`
        },
        makeLinks: (options) => network.make(options),
      })
      return store
    }
    const names = resolver && { resolver }
    const world = await World.start(this.#t, { openStore, clock, waitPolicy: ENVOYS_OF_FLEET, ...names })
    if (store === undefined) throw new Error('no store was opened')
    const opened = store
    this.#t.teardown(() => opened.close())
    const member = new Member(this, world, opened)
    opened.exchangeDoubts(world.core.collections.ordered.map(({ subscriptions }) => subscriptions))
    this.members.push(member)
    return member
  }

  /** An Envoy that has connected to this member, and has all there is. */
  async envoy(member: Member, node = `envoy-${this.members.indexOf(member)}`): Promise<SimulatedEnvoy> {
    const envoy = new SimulatedEnvoy(member.world.core.collections, node)
    member.take(envoy)
    await until(() => envoy.listens, `${node} listens`)
    await turns()
    return envoy
  }

  /** An Envoy's stream has ended: it goes to the next member that takes it. */
  lost(envoy: SimulatedEnvoy, last: Member): void {
    last.envoys.delete(envoy)
    const others = this.members.filter((member) => member !== last)
    const attempt = () => {
      for (const member of [...others, last]) {
        if (envoy.stream === undefined) member.take(envoy)
      }
      if (envoy.stream === undefined) this.clock.after(MOVE_MS, attempt)
    }
    this.clock.after(MOVE_MS, attempt)
  }

  /** Has time pass until something holds. */
  async passUntil(holds: () => boolean, what: string, limitMs = 20_000): Promise<number> {
    const begun = this.clock.now()
    await turns()
    while (!holds()) {
      if (this.clock.now() - begun > limitMs) throw new Error(`it does not happen within ${limitMs} ms: ${what}`)
      await this.clock.pass(10)
    }
    return this.clock.now() - begun
  }

  /** Nobody reaches this member, and it reaches nobody, except for the store. */
  cutOff(member: Member): void {
    this.network.cut.add(member.store.links as LocalLinks)
  }

  /** Its process is killed. */
  async kill(member: Member): Promise<void> {
    this.members.splice(this.members.indexOf(member), 1)
    await member.store.close()
    this.network.end(member.store.links as LocalLinks)
    for (const envoy of [...member.envoys]) {
      envoy.disconnect()
      this.lost(envoy, member)
    }
  }

  /** The streams work again. */
  mend(member: Member): void {
    this.network.cut.delete(member.store.links as LocalLinks)
  }
}

/** Has time pass until a call is answered. */
export async function answered(
  fleet: FleetOfWorlds,
  call: { readonly answer: { readonly status: number; readonly body: string } | undefined },
): Promise<{ readonly status: number; readonly body: string }> {
  await fleet.passUntil(() => call.answer !== undefined, 'the call is answered')
  return call.answer ?? { status: 0, body: '' }
}

/** Two control planes over one store. */
export async function two(t: Tap): Promise<[FleetOfWorlds, Member, Member]> {
  const fleet = await FleetOfWorlds.start(t, 2)
  return [fleet, ...(fleet.members as [Member, Member])]
}
