import { Limit } from '../../platform/limit.js'
import type { Probe, ProbeRequest } from './probe.js'
import { probe } from './probe.js'

/** A target that is well answers in milliseconds; a person waits for these. */
const LIMITS = { connectMs: 2_000, answerMs: 3_000 } as const

/** How many probes may be under way at once; each takes 5 s at most. */
const MOST = 8

/**
 * Probes targets, few at a time, and each only once at a time: questions that come meanwhile share the answer. So many
 * questions are no flood for a target.
 */
export class Prober {
  readonly #underWay = new Map<string, Promise<Probe>>()
  readonly #limit = new Limit(MOST)

  probe(request: ProbeRequest): Promise<Probe> {
    const { address, tls } = request.target
    const same = JSON.stringify([address, tls, request.path])
    const found = this.#underWay.get(same)
    if (found !== undefined) return found
    const probing = this.#limit.run(() => probe(request, LIMITS)).finally(() => this.#underWay.delete(same))
    this.#underWay.set(same, probing)
    return probing
  }
}
