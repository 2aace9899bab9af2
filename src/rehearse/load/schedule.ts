import type { ProfileName } from '../record.js'
import type { Deed, Profile } from './profiles.js'
import { PROFILES } from './profiles.js'
import type { Random } from './random.js'
import { exponential, seededRandom, seedOf } from './random.js'

/** JupyterLab asks for its kernels, sessions and terminals that often while it is visible. */
export const POLL_MS = 10_000

/** When all do what their profile has for the end, one after the other: shares of the whole time. */
const ENDING = { from: 0.88, spread: 0.08, step: 0.01 } as const

/** How long a server takes to start, from one to three seconds. */
const SPAWN_MS = { least: 1_000, spread: 2_000 } as const

/** What of a rehearsal is decided before it begins. */
export interface Course {
  readonly profile: ProfileName
  readonly users: number
  readonly rampMs: number
  readonly forMs: number
  readonly seed: number
}

/** When a user comes, and what for. All of it follows from the seed. */
export interface UserPlan {
  readonly user: number
  readonly arrivesMs: number
  /** How long the user's server takes to start. */
  readonly spawnMs: number
  readonly isVisible: boolean
  /** Leaves at that time after the start of the rehearsal; undefined: stays to the end. */
  readonly leaves: Leaving | undefined
}

export interface Leaving {
  readonly atMs: number
  readonly how: 'abruptly' | 'politely'
  /** Comes back then; undefined: never. */
  readonly returnsMs: number | undefined
  /** Stops the server, as with JupyterHub's button, or leaves it running. */
  readonly stopsServer: boolean
}

/** Something that a user does, at a time after the start of the rehearsal. */
export interface TimedDeed {
  readonly atMs: number
  readonly deed: Deed
}

/** Within which time all users come, if nothing else was asked for. */
export function usualRamp(profile: ProfileName, forMs: number): number {
  const { share, mostMs } = PROFILES[profile].ramp
  return Math.round(Math.min(share * forMs, mostMs))
}

/** What every user will do, in the order in which they come: the same for the same course. */
export function planUsers(course: Course): UserPlan[] {
  const profile = PROFILES[course.profile]
  const random = seededRandom(seedOf(course.seed, 'arrivals'))
  const arrivals = Array.from({ length: course.users }, () => arrival(random, profile, course.rampMs))
  arrivals.sort((one, other) => one - other)
  return arrivals.map((arrivesMs, user) => {
    const own = seededRandom(seedOf(course.seed, `user ${user}`))
    return {
      ...{ user, arrivesMs, spawnMs: Math.round(SPAWN_MS.least + own() * SPAWN_MS.spread) },
      ...{ isVisible: own() < profile.visible, leaves: leaving(own, profile, arrivesMs, course.forMs) },
    }
  })
}

/** The sum of two draws that is folded back comes early more often than late. */
function arrival(random: Random, { arrivals }: Profile, rampMs: number): number {
  const [one, other] = [random(), random()]
  return Math.floor((arrivals === 'front' ? Math.min(one, other) : one) * rampMs)
}

function leaving(random: Random, profile: Profile, arrivesMs: number, forMs: number): Leaving | undefined {
  const [isAbrupt, returns, stopsServer] = [random() < profile.abrupt, random() < profile.returns, random() < 0.5]
  const stays = exponential(random, profile.stayMs ?? (forMs - arrivesMs) / 2)
  const atMs = Math.round(arrivesMs + stays)
  const returnsMs = isAbrupt && returns ? Math.round(atMs + 5_000 + random() * 60_000) : undefined
  if (profile.stayMs === undefined && !isAbrupt) return undefined
  if (atMs >= forMs) return undefined
  return { atMs, returnsMs, how: isAbrupt ? 'abruptly' : 'politely', stopsServer: stopsServer && !isAbrupt }
}

/**
 * What a user does from when the notebook is open, in order of time and without end: the same for the same course, user and
 * moment.
 */
export function* deeds(course: Course, plan: UserPlan, openMs: number): Generator<TimedDeed> {
  const profile = PROFILES[course.profile]
  const random = seededRandom(seedOf(course.seed, `deeds ${plan.user}`))
  const ending = ENDING.from + ENDING.spread * random()
  const coming: Array<TimedDeed & { readonly next?: NextDeed }> = [
    ...profile.opening.map((deed, at) => ({ deed, atMs: openMs + at * 1_000 + random() * 1_000 })),
    ...profile.ending.map((deed, at) => ({ deed, atMs: Math.max(course.forMs * (ending + at * ENDING.step), openMs) })),
    ...recurring(profile, plan).map(([deed, next]) => ({ deed, next, atMs: openMs + next(random) })),
  ]
  for (;;) {
    coming.sort((one, other) => one.atMs - other.atMs)
    const first = coming.shift()
    if (first === undefined) return
    const { atMs, deed, next } = first
    yield { atMs, deed }
    if (next !== undefined) coming.push({ deed, next, atMs: atMs + next(random) })
  }
}

/** How long it is from one to the next. */
type NextDeed = (random: Random) => number

/** What is done again and again. */
function recurring(profile: Profile, { isVisible }: UserPlan): Array<readonly [Deed, NextDeed]> {
  const means = { cell: profile.cellMs, save: profile.saveMs, upload: profile.uploadMs, download: profile.downloadMs }
  const again = Object.entries(means).flatMap(([deed, mean]) =>
    mean === undefined ? [] : [[deed as Deed, (random: Random) => exponential(random, mean)] as const],
  )
  const poll = ['poll', (random: Random) => POLL_MS * (0.9 + 0.2 * random())] as const
  return isVisible ? [...again, poll] : again
}
