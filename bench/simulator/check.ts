import type { Envoy } from './envoy.js'
import type { Fleet } from './fleet.js'
import type { Write } from './write.js'

/** How often it is seen which Envoys could be right. */
const LOOK_MS = 100

/** How long an Envoy may need to find a member that takes it. */
const FIND_MS = 2_500

/** How long it may need if two members were silent for it in this time: it tries one after the other. */
const FIND_AMONG_SILENT_MS = 4_000

/** Watches what Envoys serve, and says what is wrong. */
export class Check {
  readonly #fleet: Fleet
  /** By key: the latest write that was answered with success. */
  readonly #answered = new Map<string, Write>()
  /** Since when each Envoy could reach each member that takes Envoys, without a break. */
  readonly #reachesSince: Array<Array<number | undefined>>
  /** When each member was silent for each Envoy for the last time. */
  readonly #silentAt: number[][]
  violation: string | undefined

  constructor(fleet: Fleet) {
    this.#fleet = fleet
    this.#reachesSince = fleet.envoys.map(() => [])
    this.#silentAt = fleet.envoys.map(() => [])
    this.#look()
  }

  #look(): void {
    const { timeline, slots, envoys, network } = this.#fleet
    const { now } = timeline
    for (const [at, envoy] of envoys.entries()) {
      const since = this.#reachesSince[at] as Array<number | undefined>
      const silentAt = this.#silentAt[at] as number[]
      for (const [slot, plane] of slots.entries()) {
        const isReaching = !envoy.isFrozen && plane.isIn && !network.isCut(envoy.name, plane.name)
        since[slot] = isReaching ? (since[slot] ?? now) : undefined
        if ((plane.isUp && !plane.isWell) || network.isCut(envoy.name, plane.name)) silentAt[slot] = now
      }
    }
    timeline.after(LOOK_MS, () => this.#look())
  }

  /** A call was answered: every Envoy that lives and can reach a member serves this write, or a later one. */
  answered(write: Write): void {
    const { key, revision = 0n } = write
    if (revision > (this.#answered.get(key)?.revision ?? 0n)) this.#answered.set(key, write)
    const latest = this.#answered.get(key) as Write
    // A new Envoy that rejects a route has none in its place.
    if ((this.#fleet.store.rejected.get(key) ?? 0n) >= (latest.revision ?? 0n)) return
    const wrong = this.#fleet.envoys.find((envoy) => {
      // It may be just the one that rejects what a control plane without Envoys could not try.
      const isTried = envoy.connection?.plane.wants(key)?.isBad === true
      return !isTried && this.#mustBeRight(envoy) && isOlder(envoy.held.get(key), latest)
    })
    if (wrong === undefined) return
    const held = wrong.held.get(key)
    this.violation ??= `${Math.round(this.#fleet.timeline.now)} ms: ${wrong.name} serves ${shown(held)} after ${shown(latest)} was answered`
  }

  #mustBeRight(envoy: Envoy): boolean {
    if (!envoy.isServing || envoy.isFrozen) return false
    const { now } = this.#fleet.timeline
    const at = this.#fleet.envoys.indexOf(envoy)
    const since = this.#reachesSince[at] ?? []
    const { connection } = envoy
    const isConnected = connection?.isComplete === true && connection.plane.isIn && !this.#isCutOff(envoy)
    if (isConnected) return true
    const silent = this.#silentAt[at]?.filter((moment) => now - moment < FIND_AMONG_SILENT_MS) ?? []
    if (silent.length > 1) return false
    return since.some((moment) => moment !== undefined && now - moment >= FIND_MS)
  }

  #isCutOff(envoy: Envoy): boolean {
    const { connection } = envoy
    return connection !== undefined && this.#fleet.network.isCut(envoy.name, connection.plane.name)
  }

  /** At the end, when everything has been well for some time: all have what is stored. */
  ended(): void {
    const { store, slots, envoys } = this.#fleet
    for (const [key, { revision = 0n }] of this.#answered) {
      if ((store.routes.get(key)?.revision ?? 0n) < revision) this.violation ??= `${key} is lost`
    }
    for (const plane of slots) if (!plane.isIn) this.violation ??= `${plane.name} does not serve at the end`
    for (const envoy of envoys) if (!envoy.isServing) this.violation ??= `${envoy.name} never loaded`
    this.violation ??= this.#difference()
  }

  /** Whether all have what is stored. */
  get isConverged(): boolean {
    return this.#difference() === undefined
  }

  #difference(): string | undefined {
    const { store, slots, envoys } = this.#fleet
    for (const [key, write] of store.routes) {
      const wrong = slots.find(({ table }) => table.get(key) !== write)
      if (wrong !== undefined) return `${wrong.name} ends with ${shown(wrong.table.get(key))} for ${shown(write)}`
      if (write.isBad) continue
      const stale = envoys.find((envoy) => envoy.isServing && envoy.held.get(key) !== write)
      if (stale !== undefined) return `${stale.name} ends with ${shown(stale.held.get(key))} for ${shown(write)}`
    }
    return undefined
  }
}

/** Of a write that isn't stored what counts is which one it was to replace. */
function isOlder(held: Write | undefined, than: Write): boolean {
  if (held === than) return false
  return (held?.revision ?? held?.base ?? 0n) < (than.revision ?? 0n)
}

function shown(write: Write | undefined): string {
  if (write === undefined) return 'nothing'
  return `${write.key}#${write.number} (revision ${write.revision ?? `after ${write.base}`})`
}
