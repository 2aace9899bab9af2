import type { Random } from '../../test/support/random.js'
import { below } from '../../test/support/random.js'
import type { Connection } from './connection.js'
import type { ControlPlane } from './control-plane.js'
import type { Network } from './network.js'
import type { Timeline } from './timeline.js'
import type { Write } from './write.js'

/** HTTP/2 keepalive of its connection to a control plane, as its bootstrap says. */
const KEEPALIVE = { interval: 500, timeout: 1_000 }

/** Its time limit for connecting. */
const CONNECT_MS = 400

/** The pause before an attempt to connect, at most: doubled with each that fails. */
const PAUSE = { first: 50, most: 400 }

/** An Envoy: what it has, and which control plane it is connected to. */
export class Envoy {
  readonly name: string
  /** What it serves: routes that it doesn't have are as they were when the fleet began. */
  readonly held = new Map<string, Write>()
  /** Whether it has once loaded everything, and so serves. */
  isServing = true
  isFrozen = false
  connection: Connection | undefined
  readonly #timeline: Timeline
  readonly #network: Network
  readonly #random: Random
  readonly #slots: readonly ControlPlane[]
  #next: number
  /** Attempts of an earlier life or connection are void. */
  #attempt = 0
  #pause = PAUSE.first
  #whenAwake: Array<() => void> = []

  constructor(
    name: string,
    world: { timeline: Timeline; network: Network; random: Random; slots: readonly ControlPlane[] },
  ) {
    this.name = name
    this.#timeline = world.timeline
    this.#network = world.network
    this.#random = world.random
    this.#slots = world.slots
    this.#next = below(world.random, world.slots.length)
  }

  /** Does something, or later if it is frozen. */
  do(work: () => void): void {
    if (this.isFrozen) this.#whenAwake.push(work)
    else work()
  }

  freeze(): void {
    this.isFrozen = true
  }

  wake(): void {
    this.isFrozen = false
    for (const work of this.#whenAwake.splice(0)) this.do(work)
  }

  /** It ends, and another with the same name starts, which has nothing. */
  restart(): void {
    this.held.clear()
    this.isServing = false
    this.#whenAwake = []
    this.connection?.closeByEnvoy()
    this.disconnected()
  }

  /** Looks for a control plane until one takes it. */
  seek(): void {
    this.#attempt += 1
    const attempt = this.#attempt
    const isVoid = () => attempt !== this.#attempt
    this.#timeline.after(this.#random() * this.#pause, () => this.do(() => isVoid() || this.#try(isVoid)))
    this.#pause = Math.min(2 * this.#pause, PAUSE.most)
  }

  #try(isVoid: () => boolean): void {
    const slot = this.#next % this.#slots.length
    this.#next += 1
    const at = this.#slots[slot] as ControlPlane
    const again = () => this.do(() => isVoid() || this.seek())
    const giveUp = this.#network.isCut(this.name, at.name) ? CONNECT_MS : KEEPALIVE.interval + KEEPALIVE.timeout
    this.#timeline.after(giveUp, () => this.connection === undefined && again())
    this.#network.send(this.name, at.name, () =>
      at.do(
        () => {
          const take = () =>
            this.do(() => {
              if (isVoid() || this.connection !== undefined) return
              const connection = at.accept(this)
              if (connection === undefined) again()
              else this.#connected(connection)
            })
          if (!isVoid()) this.#network.send(at.name, this.name, take)
        },
        () => this.#network.send(at.name, this.name, again),
      ),
    )
  }

  #connected(connection: Connection): void {
    this.connection = connection
    this.#pause = PAUSE.first
    this.#keepAlive(connection)
  }

  /** Sends a ping now and then, and leaves if it isn't answered. */
  #keepAlive(connection: Connection): void {
    this.#timeline.after(this.#random() * KEEPALIVE.interval, () => {
      if (this.connection === connection) this.#ping(connection)
    })
  }

  #ping(connection: Connection): void {
    const { plane } = connection
    if (plane.isWell && !this.#network.isCut(this.name, plane.name)) {
      this.#timeline.after(KEEPALIVE.interval, () => this.connection === connection && this.#ping(connection))
      return
    }
    let isAnswered = false
    const answer = () => plane.do(() => this.#network.send(plane.name, this.name, () => (isAnswered = true)))
    this.#network.send(this.name, plane.name, answer)
    this.#timeline.after(KEEPALIVE.timeout, () =>
      this.do(() => {
        if (this.connection !== connection) return
        if (isAnswered) this.#ping(connection)
        else this.leave()
      }),
    )
  }

  /** Closes its connection, and looks for another one. */
  leave(): void {
    this.connection?.closeByEnvoy()
    this.disconnected()
  }

  /** Its connection has ended. */
  disconnected(): void {
    this.connection = undefined
    this.seek()
  }

  /** Takes what a control plane sends it. Returns false if it rejects that. */
  apply(write: Write): boolean {
    if (write.isBad) return false
    this.held.set(write.key, write)
    return true
  }
}
