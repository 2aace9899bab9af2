import type { Effect } from '../../src/fleet/protocol/effect.js'
import type { Input } from '../../src/fleet/protocol/input.js'
import { FleetMember } from '../../src/fleet/protocol/member.js'
import type { Standing } from '../../src/fleet/protocol/messages.js'
import type { ControlPlane } from './control-plane.js'
import type { PlaneWorld } from './plane-world.js'

/** How late a timer may be, and how often it is. */
const LATE = { ms: 40, share: 0.02 }

/** Drives the real state machine with the clock of its control plane, which differs from others' by up to 2 %. */
export class Driver {
  readonly #machine = new FleetMember()
  readonly #plane: ControlPlane
  readonly #world: PlaneWorld
  readonly #carryOut: (effect: Effect) => void
  readonly #rate: number
  readonly #inputs: Input[] = []
  #isBusy = false
  #tickAt = Number.POSITIVE_INFINITY

  constructor(plane: ControlPlane, world: PlaneWorld, carryOut: (effect: Effect) => void) {
    this.#plane = plane
    this.#world = world
    this.#carryOut = carryOut
    this.#rate = 0.98 + world.random() * 0.04
  }

  get clock(): number {
    return this.#world.timeline.now * this.#rate
  }

  get standing(): Standing {
    return this.#machine.standing
  }

  /** Inputs that come while effects are carried out wait for these. */
  feed(input: Input): void {
    this.#inputs.push(input)
    if (this.#isBusy || !this.#plane.isWell) return
    this.#isBusy = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const effect of this.#machine.handle(next, this.clock)) this.#carryOut(effect)
    }
    this.#isBusy = false
    this.#planTick()
  }

  #planTick(): void {
    const { timeline, random } = this.#world
    const at = this.#machine.wakeAt / this.#rate + 0.01
    if (at >= this.#tickAt || at === Number.POSITIVE_INFINITY) return
    this.#tickAt = at
    const late = random() < LATE.share ? random() * LATE.ms : 0
    timeline.after(Math.max(0, at - timeline.now) + late, () => {
      if (this.#tickAt !== at) return
      this.#tickAt = Number.POSITIVE_INFINITY
      this.#plane.do(() => this.feed({ type: 'tick' }))
    })
  }
}
