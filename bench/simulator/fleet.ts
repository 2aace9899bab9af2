import type { Effect } from '../../src/fleet/protocol/effect.js'
import type { Random } from '../../test/support/random.js'
import { pick } from '../../test/support/random.js'
import { ControlPlane } from './control-plane.js'
import { Envoy } from './envoy.js'
import type { FaultName } from './faults-planted.js'
import { ModelStore } from './model-store.js'
import { Network } from './network.js'
import type { PlaneWorld } from './plane-world.js'
import { Timeline } from './timeline.js'

export interface FleetOptions {
  readonly random: Random
  readonly planes: number
  readonly envoys: number
  readonly hasTransactions: boolean
  readonly fault: FaultName | undefined
  readonly trace: ((line: string) => void) | undefined
}

/** All that there is in one schedule, and what can happen to it. */
export class Fleet {
  readonly timeline = new Timeline()
  readonly network: Network
  readonly store: ModelStore
  /** The process at each address. */
  readonly slots: ControlPlane[] = []
  readonly envoys: Envoy[] = []
  readonly #random: Random
  readonly #world: PlaneWorld
  #ids = 0

  constructor({ random, planes, envoys, hasTransactions, fault, trace }: FleetOptions) {
    const { timeline } = this
    this.#random = random
    this.network = new Network(timeline, random)
    this.store = new ModelStore(timeline, this.network)
    const { network, store } = this
    this.#world = {
      ...{ timeline, network, random, store, hasTransactions, fault },
      trace: trace && ((line) => trace(`${Math.round(timeline.now)} ${line}`)),
      nextId: () => {
        this.#ids += 1
        return this.#ids
      },
      deliver: (from, effect) => this.#deliver(from, effect),
    }
    for (let at = 0; at < planes; at += 1) this.slots.push(new ControlPlane(`m${at}`, [], this.#world))
    for (let at = 0; at < envoys; at += 1) this.envoys.push(new Envoy(`e${at}`, { ...this.#world, slots: this.slots }))
  }

  start(): void {
    for (const plane of this.slots) this.timeline.after(this.#random() * 50, () => plane.start())
    for (const envoy of this.envoys) envoy.seek()
  }

  /** Messages may overtake each other. While a link is cut, some are lost and some come later. */
  #deliver(from: ControlPlane, { to, status }: Extract<Effect, { type: 'send' }>): void {
    const at = this.#slotOf(to.slice(0, to.indexOf('.')))
    if (this.network.isCut(from.name, at.name) && this.#random() < 0.5) return
    const refused = () => from.do(() => from.hear({ type: 'ended', id: to }))
    this.network.send(from.name, at.name, () =>
      at.do(
        () => at.hear({ type: 'heard', status }),
        () => this.network.send(at.name, from.name, refused),
      ),
    )
  }

  #slotOf(name: string): ControlPlane {
    return this.slots[Number(name.slice(1))] as ControlPlane
  }

  planeNames(): string[] {
    return this.slots.map(({ name }) => name)
  }

  envoyNames(): string[] {
    return this.envoys.map(({ name }) => name)
  }

  aPlane(random: Random): string {
    return pick(random, this.slots).name
  }

  otherPlanes(name: string): string[] {
    return this.planeNames().filter((other) => other !== name)
  }

  anEnvoy(random: Random): string {
    return pick(random, this.envoys).name
  }

  cut(one: string, other: string, ms: number): void {
    this.#world.trace?.(`${one} and ${other} are cut off for ${Math.round(ms)} ms`)
    this.network.cut(one, other)
    this.timeline.after(ms, () => this.network.heal(one, other))
  }

  slow(one: string, other: string, by: number, ms: number): void {
    this.#world.trace?.(`${one} and ${other} are slow by up to ${by} ms for ${Math.round(ms)} ms`)
    this.network.slow(one, other, by)
    this.timeline.after(ms, () => this.network.slow(one, other, 0))
  }

  freeze(name: string, ms: number): void {
    this.#world.trace?.(`${name} is frozen for ${Math.round(ms)} ms`)
    const plane = this.#slotOf(name)
    plane.freeze()
    this.timeline.after(ms, () => plane.wake())
  }

  /** Kills a process; another one starts in its place some time later. */
  crash(name: string, ms: number): void {
    this.#world.trace?.(`${name} is killed for ${Math.round(ms)} ms`)
    const plane = this.#slotOf(name)
    plane.crash()
    this.timeline.after(ms, () => this.#replace(plane))
  }

  leave(name: string, ms: number): void {
    this.#world.trace?.(`${name} leaves for ${Math.round(ms)} ms`)
    const plane = this.#slotOf(name)
    plane.leave()
    this.timeline.after(ms, () => {
      plane.crash()
      this.#replace(plane)
    })
  }

  #replace(plane: ControlPlane): void {
    const at = this.slots.indexOf(plane)
    if (at === -1) return
    const next = new ControlPlane(plane.name, plane.ids, this.#world)
    this.slots[at] = next
    next.start()
  }

  #envoyOf(name: string): Envoy {
    return this.envoys[Number(name.slice(1))] as Envoy
  }

  freezeEnvoy(name: string, ms: number): void {
    this.#world.trace?.(`${name} is frozen for ${Math.round(ms)} ms`)
    const envoy = this.#envoyOf(name)
    envoy.freeze()
    this.timeline.after(ms, () => envoy.wake())
  }

  restartEnvoy(name: string): void {
    this.#world.trace?.(`${name} restarts`)
    const envoy = this.#envoyOf(name)
    if (!envoy.isFrozen) envoy.restart()
  }
}
