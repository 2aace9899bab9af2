import { setTimeout as delay } from 'node:timers/promises'
import { NotApplicableError } from '../incidents/incident.js'
import { seededRandom, seedOf } from '../load/random.js'
import type { IncidentRecord } from '../record.js'
import type { Tally } from '../tally/tally.js'
import type { PlannedIncident, World } from '../world.js'

/** What all incidents share of their world. */
export type SharedWorld = Pick<World, 'proxy' | 'hub' | 'servers' | 'users' | 'over'>

export interface HappeningOptions {
  readonly seed: number
  readonly tally: Tally
  /** Milliseconds after the start. */
  readonly now: () => number
  /** Called before an incident, so that the world knows which servers and routes there are. */
  readonly refresh: () => Promise<void>
  /** Told what is done, for people who watch. */
  readonly onDeed: (what: string) => void
}

/** Makes incidents happen at their times, and records them. */
export class Happenings {
  readonly #world: SharedWorld
  readonly #options: HappeningOptions
  readonly #records: IncidentRecord[] = []

  constructor(world: SharedWorld, options: HappeningOptions) {
    this.#world = world
    this.#options = options
  }

  /** Resolves when all are over. */
  async run(planned: readonly PlannedIncident[]): Promise<void> {
    await Promise.all(planned.map((one) => this.#runOne(one)))
  }

  /** In the order in which they began. */
  records(): IncidentRecord[] {
    return [...this.#records].sort((one, other) => one.fromMs - other.fromMs)
  }

  async #runOne({ incident, atMs }: PlannedIncident): Promise<void> {
    const { now, onDeed } = this.#options
    if (!(await this.#wait(atMs - now()))) return
    const fromMs = Math.round(now())
    const deeds: Array<{ atMs: number; what: string }> = []
    const did = (what: string) => {
      deeds.push({ atMs: Math.round(now()), what })
      onDeed(`${incident.name}: ${what}`)
    }
    onDeed(`${incident.name} begins`)
    await this.#options.refresh()
    const error = await incident.run(this.#worldOf(incident.name, did)).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    if (error !== undefined) onDeed(`${incident.name}: ${error.message}`)
    const applicable = !(error instanceof NotApplicableError)
    const { name } = incident
    this.#records.push({ name, fromMs, toMs: Math.round(now()), deeds, failed: error?.message, applicable })
  }

  #worldOf(name: string, did: (what: string) => void): World {
    const { seed } = this.#options
    return {
      ...this.#world,
      ...{ did, random: seededRandom(seedOf(seed, name)), wait: (ms) => this.#wait(ms) },
      excuse: (users) => this.#excuse(users),
    }
  }

  #excuse(users: readonly number[]): () => void {
    const { tally, now } = this.#options
    const people = users.flatMap((user) => tally.people[user] ?? [])
    for (const person of people) person.excuse()
    return () => {
      for (const person of people.splice(0)) person.endExcuse(now())
    }
  }

  #wait(ms: number): Promise<boolean> {
    return delay(Math.max(0, ms), true, { signal: this.#world.over }).catch(() => false)
  }
}
