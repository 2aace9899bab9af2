import type { ControlPlane } from './control-plane.js'
import type { Envoy } from './envoy.js'
import type { Network } from './network.js'
import { Channel } from './network.js'
import type { Write } from './write.js'

/** The stream of an Envoy at a control plane: what it was sent and has yet to answer for. */
export class Connection {
  readonly plane: ControlPlane
  readonly envoy: Envoy
  readonly #network: Network
  readonly #now: () => number
  readonly #down = new Channel()
  readonly #up = new Channel()
  /** By key: the last that was sent and is unanswered, and since when the Envoy is silent about it. */
  readonly #pending = new Map<string, { readonly write: Write; readonly since: number }>()
  /** What the Envoy lacked when it connected, and still does; undefined once it has all. */
  #lacks: Set<string> | undefined = new Set()
  #isOpen = true

  constructor(plane: ControlPlane, envoy: Envoy, network: Network, now: () => number) {
    this.plane = plane
    this.envoy = envoy
    this.#network = network
    this.#now = now
  }

  /** Sends what the Envoy, by what it said when it connected, has otherwise. */
  begin(routes: ReadonlyMap<string, Write>): void {
    for (const [key, write] of routes) {
      if (this.envoy.held.get(key) === write) continue
      this.#lacks?.add(key)
      this.update(write)
    }
    if (this.#lacks?.size === 0) this.#complete()
  }

  /** Whether the Envoy still loads what a new one needs: changes don't wait for it. */
  get isLoading(): boolean {
    return !this.envoy.isServing
  }

  update(write: Write): void {
    this.#pending.set(write.key, { write, since: this.#now() })
    if (this.isLoading) this.#lacks?.add(write.key)
    const { envoy, plane } = this
    const take = () =>
      envoy.do(() => {
        if (envoy.connection !== this) return
        const isRejected = !envoy.apply(write)
        const answer = () => plane.do(() => this.#isOpen && this.#answered(write, isRejected))
        this.#network.send(envoy.name, plane.name, answer, this.#up)
      })
    this.#network.send(plane.name, envoy.name, take, this.#down)
  }

  #answered(write: Write, isRejected: boolean): void {
    if (this.#pending.get(write.key)?.write === write) this.#pending.delete(write.key)
    this.#lacks?.delete(write.key)
    // A change that is taken back now is sent to this Envoy, too, before it has all.
    if (isRejected) this.plane.rejected(write)
    else this.plane.settled(write.key)
    if (this.#lacks?.size === 0 && this.#pending.size === 0) this.#complete()
  }

  #complete(): void {
    this.#lacks = undefined
    // Its process may have ended meanwhile, and the next one have nothing yet.
    if (this.envoy.connection === this) this.envoy.isServing = true
    this.plane.arrived(this)
  }

  /** Whether its Envoy has got what it lacked when it connected. */
  get isComplete(): boolean {
    return this.#isOpen && this.#lacks === undefined
  }

  /** Whether its Envoy has answered for everything. */
  get isCurrent(): boolean {
    return this.isComplete && this.#pending.size === 0
  }

  isSettled(key: string): boolean {
    return !this.#pending.has(key)
  }

  /** For how long it hasn't answered for a route. */
  silentMs(key: string): number {
    const pending = this.#pending.get(key)
    return pending === undefined ? 0 : this.#now() - pending.since
  }

  /** The control plane ends the stream. */
  closeByPlane(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    const { envoy } = this
    const hear = () => envoy.do(() => envoy.connection === this && envoy.disconnected())
    this.#network.send(this.plane.name, envoy.name, hear, this.#down)
  }

  /** The Envoy ends it: the control plane hears of that if it can. */
  closeByEnvoy(): void {
    const hear = () =>
      this.plane.do(() => {
        if (!this.#isOpen) return
        this.#isOpen = false
        this.plane.left(this, 0)
      })
    this.#network.send(this.envoy.name, this.plane.name, hear, this.#up)
  }
}
