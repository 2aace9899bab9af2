import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import { HEALTH_PATH } from '../../src/resources/names.js'
import type { Kind, Part } from './part.js'
import type { Asked } from './traffic.js'

/** How long each trouble lasts, and how long all is well after it. */
const TROUBLE_MS = 5_000
const REST_MS = 3_000
/** How long everybody may take to be well again. */
const RECOVERY_MS = 60_000

const TROUBLES = ['killed', 'frozen', 'cut off'] as const

export interface FaultsOptions {
  readonly parts: readonly Part[]
  readonly members: readonly Asked[]
  readonly envoys: readonly Asked[]
  readonly progress: (line: string) => void
}

/** Kills, freezes and cuts off one part after the other. */
export class Faults {
  readonly #options: FaultsOptions
  /** What is going on. */
  now = 'all is well'
  count = 0
  readonly late: string[] = []

  constructor(options: FaultsOptions) {
    this.#options = options
  }

  /** Until this moment, on the clock of performance. */
  async run(until: number): Promise<void> {
    const kinds: readonly Kind[] = ['control plane', 'Envoy', 'store']
    for (let round = 0; performance.now() < until; round += 1) {
      for (const trouble of TROUBLES) {
        for (const kind of kinds) {
          const ofKind = this.#options.parts.filter(({ options }) => options.kind === kind)
          const part = ofKind[round % ofKind.length]
          if (part === undefined || (trouble === 'cut off' && part.options.network === undefined)) continue
          if (performance.now() < until) await this.#trouble(part, trouble)
        }
      }
    }
  }

  async #trouble(part: Part, trouble: (typeof TROUBLES)[number]): Promise<void> {
    this.now = `${part.name} ${trouble}`
    this.count += 1
    await part.suffer(trouble)
    await delay(TROUBLE_MS)
    await part.recover()
    this.now = `${part.name} was ${trouble}`
    const begun = performance.now()
    // A new Envoy doesn't serve before it has all routes.
    if (trouble === 'killed') part.trouble = 'killed'
    const isWell = await this.wellBy(begun + RECOVERY_MS)
    part.trouble = undefined
    part.wellSince = performance.now()
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    this.#options.progress(`${this.now}: all was well ${isWell ? `${seconds} s later` : 'NOT AGAIN'}`)
    if (!isWell) this.late.push(this.now)
    await delay(REST_MS)
    this.now = 'all is well'
  }

  /** Waits until every control plane and every Envoy is ready; false if that takes too long. */
  async wellBy(limit: number): Promise<boolean> {
    const { members, envoys } = this.#options
    const probes = [...members.map(({ url }) => `${url}/readyz`), ...envoys.map(({ url }) => `${url}${HEALTH_PATH}`)]
    while (performance.now() < limit) {
      if ((await Promise.all(probes.map(isOk))).every(Boolean)) return true
      await delay(100)
    }
    return false
  }
}

async function isOk(url: string): Promise<boolean> {
  return request(url, { signal: AbortSignal.timeout(1_000) }).then(
    async ({ statusCode, body }) => {
      await body.dump()
      return statusCode === 200
    },
    () => false,
  )
}
