import { seededRandom, seedOf } from '../load/random.js'
import type { Course, UserPlan } from '../load/schedule.js'
import { deeds } from '../load/schedule.js'
import type { UserCrowd } from '../world.js'
import type { Surroundings } from './surroundings.js'
import { Timers } from './timers.js'
import { Visit } from './visit.js'

/** How often is looked for what has waited too long. */
const SWEEP_MS = 1_000

/** All users: each comes when its plan says so, whether or not the proxy keeps up. */
export class Crowd implements UserCrowd {
  readonly #course: Course
  readonly #plans: readonly UserPlan[]
  readonly #all: Surroundings
  readonly #visits = new Map<number, Visit>()
  /** Who has had JupyterLab open. */
  readonly #known = new Set<number>()
  readonly #timers = new Timers()
  #sweeper: NodeJS.Timeout | undefined
  #isOver = false

  constructor(course: Course, plans: readonly UserPlan[], all: Surroundings) {
    this.#course = course
    this.#plans = plans
    this.#all = all
  }

  get count(): number {
    return this.#plans.length
  }

  active(): readonly number[] {
    return [...this.#visits.keys()]
  }

  name(user: number): string {
    return this.#all.site.name(user)
  }

  /** From now on they come. */
  start(): void {
    this.#sweeper = setInterval(() => {
      for (const visit of this.#visits.values()) visit.sweep(performance.now())
    }, SWEEP_MS)
    this.#arrive(this.#plans.values())
  }

  /** All leave at once, and none comes any more. */
  async stop(): Promise<void> {
    this.#isOver = true
    clearInterval(this.#sweeper)
    this.#timers.clear()
    await Promise.all([...this.#visits.values()].map((visit) => visit.end('politely')))
  }

  leave(users: readonly number[], how: 'abruptly' | 'politely'): void {
    for (const user of users) void this.#leave(user, how, false)
  }

  come(users: readonly number[]): void {
    for (const user of users) {
      const plan = this.#plans[user]
      if (plan !== undefined) this.#come(plan, false)
    }
  }

  /** The next one comes at its time, then the one after it. */
  #arrive(coming: Iterator<UserPlan>): void {
    const plan = coming.next().value as UserPlan | undefined
    if (plan === undefined) return
    this.#at(plan.arrivesMs, () => {
      this.#all.tally.late(Math.max(0, this.#nowMs - plan.arrivesMs))
      this.#come(plan, false)
      this.#planLeaving(plan)
      this.#arrive(coming)
    })
  }

  #planLeaving(plan: UserPlan): void {
    const { user, leaves } = plan
    if (leaves === undefined) return
    const { atMs, how, stopsServer, returnsMs } = leaves
    this.#at(atMs, () => void this.#leave(user, how, stopsServer))
    if (returnsMs !== undefined) this.#at(returnsMs, () => this.#come(plan, true))
  }

  /** @param wasHere whether what was there is expected to be there still: the session, the server */
  #come(plan: UserPlan, wasHere: boolean): void {
    const { user } = plan
    if (this.#isOver || this.#visits.has(user)) return
    const { tally } = this.#all
    const person = tally.people[user]
    if (person !== undefined) person.arrivedMs ??= Math.round(this.#nowMs)
    const random = seededRandom(seedOf(this.#course.seed, `chance ${user}`))
    const visit = new Visit(user, this.#all, this.#addressOf(user), random)
    this.#visits.set(user, visit)
    tally.activeUsers += 1
    const isCached = this.#known.has(user)
    const past = { isIn: wasHere && isCached, isCached }
    void visit
      .run(past, (openMs) => deeds(this.#course, plan, openMs))
      .then((hasOpened) => void (hasOpened && this.#known.add(user)))
  }

  async #leave(user: number, how: 'abruptly' | 'politely', stopsServer: boolean): Promise<void> {
    const visit = this.#visits.get(user)
    if (visit === undefined) return
    this.#visits.delete(user)
    const { tally } = this.#all
    tally.activeUsers -= 1
    await visit.end(how, stopsServer)
    tally.people[user]?.leaves(this.#nowMs)
  }

  /** Each user has an address of its own where the proxy is on the loopback network: one has no ports for thousands. */
  #addressOf(user: number): string | undefined {
    if (process.platform !== 'linux' || !this.#all.origin.address.startsWith('127.')) return undefined
    return `127.${64 + (user >> 16)}.${(user >> 8) & 255}.${user & 255}`
  }

  #at(ms: number, work: () => void): void {
    this.#timers.after(ms - this.#nowMs, work)
  }

  get #nowMs(): number {
    return performance.now() - this.#all.startedAt
  }
}
