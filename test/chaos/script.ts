import type { Random } from '../support/random.js'
import { below, pick, shuffled } from '../support/random.js'
import { TARGETS } from './backends.js'
import type { Target } from './model.js'

/** A route to add, to change, or, without a target, to remove. */
export interface RouteChange {
  readonly routespec: string
  readonly target: Target
}

/** What is done to the proxy next. Its changes concern a route each and are asked for at once. */
export interface Step {
  readonly kind: (typeof KINDS)[number]['kind']
  readonly changes: readonly RouteChange[]
  /** After how many answers to the changes something is killed. */
  readonly after: number
  /** How many bytes the disk has left. Files are cut in the middle of a page. */
  readonly room: number
}

/** How often each comes, and how many changes it has at most. */
const KINDS = [
  { kind: 'one change', weight: 50, most: 1 },
  { kind: 'many changes', weight: 25, most: 25 },
  { kind: 'control plane killed', weight: 6, most: 25 },
  { kind: 'Envoy killed', weight: 6, most: 10 },
  { kind: 'both killed', weight: 3, most: 25 },
  { kind: 'disk full', weight: 5, most: 25 },
] as const

const USERS = Array.from({ length: 12 }, (_, index) => `/user/u${index}`)

/** The routes that change: some lie within others. */
export const ROUTESPECS = ['/', '/hub', ...USERS.flatMap((user) => [user, `${user}/deep`, `${user}/deep/er`])]

/** The same steps for the same numbers: one of each kind first, and on without end. */
export function* script(random: Random): Generator<Step, never> {
  for (const kind of shuffled(random, KINDS)) yield step(random, kind)
  const lots = KINDS.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
  for (;;) yield step(random, pick(random, lots))
}

function step(random: Random, { kind, most }: (typeof KINDS)[number]): Step {
  const routespecs = shuffled(random, ROUTESPECS).slice(0, 1 + below(random, most))
  const changes = routespecs.map((routespec) => ({
    routespec,
    target: random() < 0.35 ? undefined : pick(random, TARGETS),
  }))
  return { kind, changes, after: below(random, changes.length), room: below(random, 40_000) }
}
