import { FatalError } from '../platform/fatal-error.js'
import { parseTarget } from '../routing/target.js'
import type { OptionSpec, OptionValues } from './option.js'

/** How a request's route is chosen. */
export const ROUTING_OPTIONS = [
  { flags: '--default-target <host>', description: 'Target of requests that no route matches' },
  { flags: '--host-routing', description: "Routes' first path segment is the host" },
] as const satisfies readonly OptionSpec[]

export type RoutingOptions = OptionValues<typeof ROUTING_OPTIONS>

export interface RoutingSettings {
  /** The target of requests that no other route matches; stored as the route `/`. */
  readonly defaultTarget: string | undefined
  /** Whether the first segment of a route's path is a host. */
  readonly hostRouting: boolean
}

/** @throws FatalError if the target can't be used */
export function readRouting({ defaultTarget, hostRouting }: RoutingOptions): RoutingSettings {
  try {
    if (defaultTarget !== undefined) parseTarget(defaultTarget)
    return { defaultTarget, hostRouting: hostRouting ?? false }
  } catch (error) {
    throw new FatalError(`--default-target: ${(error as Error).message}`)
  }
}
