import type { Random } from '../../test/support/random.js'
import { below, pick } from '../../test/support/random.js'
import type { Fleet } from './fleet.js'
import { STORE } from './model-store.js'

/** For how long something is broken, in milliseconds. Most are near the times of the protocol. */
const DURATIONS = [150, 300, 500, 700, 900, 1_100, 1_300, 1_500, 1_800, 2_200, 3_000]
const LONG = [9_000, 10_500, 12_000]

function duration(random: Random): number {
  const base = random() < 0.03 ? pick(random, LONG) : pick(random, DURATIONS)
  return base * (0.9 + random() * 0.2)
}

type Trouble = (fleet: Fleet, random: Random, ms: number) => void

const CUT_PLANE_STORE: Trouble = (fleet, random, ms) => fleet.cut(fleet.aPlane(random), STORE, ms)

const CUT_PLANES: Trouble = (fleet, random, ms) => {
  const one = fleet.aPlane(random)
  for (const other of fleet.otherPlanes(one)) if (random() < 0.7) fleet.cut(one, other, ms)
}

const CUT_ENVOY: Trouble = (fleet, random, ms) => fleet.cut(fleet.anEnvoy(random), fleet.aPlane(random), ms)

/** It is cut off from all but its Envoys, which can reach the others: the worst place. */
const ISOLATE: Trouble = (fleet, random, ms) => {
  const one = fleet.aPlane(random)
  for (const other of [...fleet.otherPlanes(one), STORE]) fleet.cut(one, other, ms)
}

const CUT_OFF: Trouble = (fleet, random, ms) => {
  const one = fleet.aPlane(random)
  for (const other of [...fleet.otherPlanes(one), ...fleet.envoyNames(), STORE]) fleet.cut(one, other, ms)
}

const STORE_AWAY: Trouble = (fleet, _random, ms) => {
  for (const plane of fleet.planeNames()) fleet.cut(plane, STORE, ms)
}

const SLOW: Trouble = (fleet, random, ms) => {
  const one = fleet.aPlane(random)
  fleet.slow(one, pick(random, [STORE, STORE, ...fleet.otherPlanes(one)]), pick(random, [50, 300, 800, 1_500]), ms)
}

/** Slower, and the control plane would take it for silent. */
const SLOW_ENVOY: Trouble = (fleet, random, ms) => {
  fleet.slow(fleet.aPlane(random), fleet.anEnvoy(random), pick(random, [20, 100]), ms)
}

const TROUBLES: readonly Trouble[] = [
  CUT_PLANE_STORE,
  CUT_PLANES,
  CUT_ENVOY,
  ISOLATE,
  ISOLATE,
  CUT_OFF,
  STORE_AWAY,
  SLOW,
  SLOW_ENVOY,
  (fleet, random, ms) => fleet.freeze(fleet.aPlane(random), ms),
  (fleet, random, ms) => fleet.freeze(fleet.aPlane(random), ms),
  (fleet, random, ms) => fleet.crash(fleet.aPlane(random), ms),
  (fleet, random, ms) => fleet.leave(fleet.aPlane(random), ms),
  (fleet, random, ms) => fleet.freezeEnvoy(fleet.anEnvoy(random), ms),
  (fleet, random) => fleet.restartEnvoy(fleet.anEnvoy(random)),
  (fleet) => fleet.store.compact(),
]

/** What goes wrong in one schedule: one thing after the other, now and then two at once. */
export function planWeather(fleet: Fleet, random: Random, from: number): number {
  let [at, end] = [from, from]
  for (let left = 1 + below(random, 3); left > 0; left -= 1) {
    const [trouble, ms] = [pick(random, TROUBLES), duration(random)]
    fleet.timeline.after(at, () => trouble(fleet, random, ms))
    end = Math.max(end, at + ms)
    // The next one begins while this one lasts, just when it is over, or later.
    at += random() < 0.3 ? random() * ms : ms + random() * 600
  }
  return end
}
