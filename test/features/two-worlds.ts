import type { TestResolver } from '../names/test-resolver.js'
import { SharedRoutes } from '../support/shared-store.js'
import type { SimulatedEnvoy } from './envoy.js'
import { World } from './world.js'

/** A control plane and its Envoy. */
export interface Member {
  readonly world: World
  readonly envoy: SimulatedEnvoy
}

type Tap = { teardown(fn: () => unknown): unknown }

export async function startWorld(t: Tap, shared: SharedRoutes, resolver?: TestResolver): Promise<Member> {
  const world = await World.start(t, { openStore: () => shared.open(), ...(resolver && { resolver }) })
  return { world, envoy: await world.envoy() }
}

/** Two control planes over one store. */
export async function startTwo(t: Tap): Promise<[SharedRoutes, Member, Member]> {
  const shared = new SharedRoutes()
  return [shared, await startWorld(t, shared), await startWorld(t, shared)]
}
