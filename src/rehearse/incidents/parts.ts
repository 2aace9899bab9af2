import type { ProcessRole } from '../record.js'
import { accepts } from '../target/accepts.js'
import type { PlayedHub, PlayedServers, World } from '../world.js'
import { killedDeed } from './deeds.js'
import { NotApplicableError } from './incident.js'

export const EVERY_ROLE: readonly ProcessRole[] = ['proxy', 'control-plane', 'envoy', 'helper']

/** How many calls JupyterHub makes of a proxy's API at a time. */
const AT_A_TIME = 10

const NOTICED_AFTER_MS = 100
const LOOK_EVERY_MS = 50
const BACK_WITHIN_MS = 120_000

/** Does it for all, as many at a time as a hub would. It ends early when the rehearsal does. */
export async function forAll<T>(
  { over }: World,
  items: readonly T[],
  what: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = items.values()
  const work = async () => {
    for (const item of left) if (!over.aborted) await what(item)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
}

/** Some of the users that are there, by chance; at least one if there is any. */
export function someUsers({ users, random }: World, share: number): number[] {
  const left = [...users.active()]
  const count = Math.min(left.length, Math.max(1, Math.round(left.length * share)))
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0] ?? 0)
}

/**
 * All processes of the proxy are gone, until `meanwhile` is over, and are then started by somebody who isn't the hub: it notices
 * nothing. What users want meanwhile is excused, as there is no process that could answer.
 */
export async function replaceProxy(world: World, meanwhile: () => Promise<unknown>): Promise<void> {
  const hub = playedHub(world)
  hub.restartsProxy = false
  try {
    const excusedUntil = world.excuse(everybody(world))
    await killRoles(world, EVERY_ROLE, 'process that can be seen')
    await meanwhile()
    excusedUntil()
    await world.proxy.start()
  } finally {
    hub.restartsProxy = true
  }
}

/** Those that have not come yet, or have left. */
export function absentUsers({ users }: World): number[] {
  const present = new Set(users.active())
  return Array.from({ length: users.count }, (_, user) => user).filter((user) => !present.has(user))
}

/** As the hub posts it. */
export function routespecOf({ users }: World, user: number): string {
  return `/user/${users.name(user)}`
}

/** @throws Error where a real hub is rehearsed */
export function playedHub({ hub }: World): PlayedHub {
  if (hub === undefined) throw new NotApplicableError('only a hub that is played can do this')
  return hub
}

/** @throws Error where a real hub is rehearsed */
export function playedServers({ servers }: World): PlayedServers {
  if (servers === undefined) throw new NotApplicableError('only servers that are played can do this')
  return servers
}

/**
 * Kills processes of the proxy. What users had under way is excused, since it can only be lost with them.
 *
 * @throws NotApplicableError if it has none of these
 */
export async function killRoles(world: World, roles: readonly ProcessRole[], name: string): Promise<void> {
  const present = await world.proxy.processes()
  if (!present.some(({ role }) => roles.includes(role))) throw new NotApplicableError(`it has no ${name}`)
  const excusedUntil = world.excuse(everybody(world))
  try {
    const killed = await world.proxy.kill(roles)
    world.did(killedDeed(killed))
    // Users notice the ends of their connections a moment after the kernel has closed them.
    await world.wait(NOTICED_AFTER_MS)
  } finally {
    excusedUntil()
  }
}

export function everybody({ users }: World): number[] {
  return Array.from({ length: users.count }, (_, user) => user)
}

/**
 * Waits until the public port accepts connections.
 *
 * @throws Error if it doesn't within two minutes
 */
export async function untilAccepting(world: World): Promise<void> {
  const { hostname, port, protocol } = new URL(world.proxy.publicUrl)
  const portNumber = Number(port) || (protocol === 'https:' ? 443 : 80)
  const until = performance.now() + BACK_WITHIN_MS
  while (!world.over.aborted) {
    if (await accepts(hostname, portNumber)) {
      world.did('the public port accepts connections again')
      return
    }
    if (performance.now() > until) throw new Error(`the public port was closed for ${BACK_WITHIN_MS / 1000} s`)
    await world.wait(LOOK_EVERY_MS)
  }
}
