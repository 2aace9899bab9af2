import type { Effect } from '../../src/fleet/protocol/effect.js'
import type { Input } from '../../src/fleet/protocol/input.js'
import { isServing } from '../../src/fleet/protocol/messages.js'
import { Connection } from './connection.js'
import { Driver } from './driver.js'
import type { Envoy } from './envoy.js'
import type { PlaneWorld } from './plane-world.js'
import { Routes } from './routes.js'
import { StoreSide } from './store-side.js'
import type { Write } from './write.js'

/** What a call was answered with. */
export type Answer = 'done' | 'rejected' | 'unavailable'

/** One process of the control plane, from its start to its end: what is around the real state machine. */
export class ControlPlane {
  /** Its address: a process that starts in its place has the same. */
  readonly name: string
  readonly #world: PlaneWorld
  readonly #driver: Driver
  readonly #routes: Routes
  readonly #store: StoreSide
  #isFrozen = false
  isUp = true
  #whenAwake: Array<() => void> = []
  readonly #calls = new Map<number, (answer: Answer) => void>()

  /** @param ids the ids that this address has had so far; its own are added */
  constructor(
    name: string,
    readonly ids: string[],
    world: PlaneWorld,
  ) {
    this.name = name
    this.#world = world
    this.#driver = new Driver(this, world, (effect) => this.#carryOut(effect))
    this.#routes = new Routes({
      after: (ms, work) => world.timeline.after(ms, () => this.do(work)),
      cutOff: (connection) => this.#cutOff(connection),
      isPlanted: (fault) => world.fault === fault,
    })
    this.#store = new StoreSide(this, world, this.#routes, (input) => this.#driver.feed(input))
  }

  start(): void {
    this.#store.begin()
  }

  /** Whether it is up and not frozen. */
  get isWell(): boolean {
    return this.isUp && !this.#isFrozen
  }

  get isIn(): boolean {
    return this.isWell && this.#driver.standing === 'in'
  }

  get table(): ReadonlyMap<string, Write> {
    return this.#routes.table
  }

  /** What its Envoys should have. */
  wants(key: string): Write | undefined {
    return this.#routes.wanted.get(key)
  }

  get clock(): number {
    return this.#driver.clock
  }

  /** Does something, later if it is frozen; if it has ended, the other thing is done. */
  do(work: () => void, otherwise: () => void = () => {}): void {
    if (!this.isUp) otherwise()
    else if (this.#isFrozen) this.#whenAwake.push(work)
    else work()
  }

  freeze(): void {
    this.#isFrozen = true
  }

  wake(): void {
    if (!this.#isFrozen) return
    this.#isFrozen = false
    if (!this.isUp) return
    // Timers that are due come first, as in Node.js.
    this.#driver.feed({ type: 'tick' })
    for (const work of this.#whenAwake.splice(0)) this.do(work)
  }

  /** It is killed. */
  crash(): void {
    this.isUp = false
    this.#store.close()
    for (const connection of this.#routes.connections) connection.closeByPlane()
  }

  /** It ends in order. */
  leave(): void {
    this.do(() => this.#driver.feed({ type: 'leave' }))
  }

  /** An Envoy connects. */
  accept(envoy: Envoy): Connection | undefined {
    if (this.#driver.standing !== 'in' || !this.isWell) return undefined
    const connection = new Connection(this, envoy, this.#world.network, () => this.#world.timeline.now)
    this.#routes.connections.add(connection)
    this.#world.timeline.after(0, () => this.do(() => connection.begin(this.#routes.wanted)))
    return connection
  }

  arrived({ envoy }: Connection): void {
    this.#world.trace?.(`${envoy.name} is at ${this.name}`)
    this.#driver.feed({ type: 'envoy-here', node: envoy.name })
  }

  left(connection: Connection, silentMs: number): void {
    if (!this.#routes.connections.delete(connection)) return
    this.#world.trace?.(`${connection.envoy.name} is no longer at ${this.name}`)
    const { name } = connection.envoy
    const isElsewhere = [...this.#routes.connections].some(({ envoy }) => envoy.name === name)
    if (!isElsewhere) this.#driver.feed({ type: 'envoy-left', node: name, silentMs })
    this.#routes.settleAll()
  }

  settled(key: string): void {
    this.#routes.settle(key)
  }

  rejected(write: Write): void {
    this.#routes.rejected(write)
  }

  #cutOff(connection: Connection): void {
    connection.closeByPlane()
    this.left(connection, 1_000)
  }

  hear(told: Extract<Input, { type: 'heard' | 'ended' }>): void {
    this.#driver.feed(told)
  }

  /** A call of the REST API. */
  change(write: Write, answer: (answer: Answer) => void): void {
    if (this.#driver.standing !== 'in') {
      answer('unavailable')
      return
    }
    this.#routes.inTurn(write.key, (done) => {
      write.base = this.#routes.table.get(write.key)?.revision ?? 0n
      const takeBack = this.#routes.publish(write, (outcome) => {
        const fail = (why: Answer) => {
          takeBack()
          done()
          answer(why)
        }
        if (outcome === 'acknowledged') this.#write(write, done, answer, fail)
        else fail(outcome === 'rejected' ? 'rejected' : 'unavailable')
      })
    })
  }

  #write(write: Write, done: () => void, answer: (answer: Answer) => void, fail: (why: Answer) => void): void {
    this.#driver.feed({ type: 'writing' })
    this.#store.write(write, (stored) => {
      if (stored === undefined) return fail('unavailable')
      this.#routes.stored(write, stored.revision)
      done()
      this.#calls.set(write.number, answer)
      this.#driver.feed({ type: 'agree', call: write.number, revision: stored.revision })
    })
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#world.deliver(this, effect)
        break
      case 'apply':
        this.#store.apply(effect.revision)
        break
      case 'standing':
        this.#world.trace?.(`${this.#store.id} is ${effect.standing}`)
        if (!isServing(effect.standing) && effect.standing !== 'catching-up') this.#endStreams()
        break
      case 'answer':
        this.#calls.get(effect.call)?.(effect.agreed ? 'done' : 'unavailable')
        this.#calls.delete(effect.call)
        break
      case 'list':
        this.#store.list()
        break
      case 'renew':
        this.#store.renew()
        break
      case 'fence':
        this.#store.fence(effect.id)
        break
      case 'load':
        this.#store.load()
        break
      case 'join':
        this.#store.join()
        break
      case 'gone':
        this.#end()
    }
  }

  #endStreams(): void {
    if (this.#world.fault === 'keeps-streams') return
    for (const connection of [...this.#routes.connections]) {
      connection.closeByPlane()
      this.left(connection, 0)
    }
  }

  #end(): void {
    this.#store.leave()
    this.crash()
  }
}
