import type { RoutePublication } from './route.js'

/**
 * Takes back a change that every Envoy has: from now on all of them should have the previous state again. Resolves when
 * all have it, or after a time limit; never rejects.
 */
export type Rollback = () => Promise<void>

/** Writes to the store. If that fails, the change is taken back from every Envoy, and the store's error is thrown. */
export async function orRollBack<T>(rollback: Rollback, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    await rollback()
    throw error
  }
}

/**
 * Publishes routes to every Envoy. Only the route table calls it, at most one call at a time for a key, beside which one may
 * be prepared.
 */
export interface RoutePublisher {
  /**
   * Finds out what a route needs that is about to be published: the addresses of its host name, which may take seconds. That
   * route may change meanwhile. {@link publish} comes next for the key, of the calls of these two.
   */
  prepare(route: RoutePublication): Promise<void>
  /**
   * Adds or changes a route that was prepared. Resolves once every connected Envoy routes to the target.
   *
   * @throws RouteRejectedError if an Envoy rejected it, RouteNotAcknowledgedError if one didn't answer in time. The
   *   previous state is then being restored.
   */
  publish(route: RoutePublication): Promise<Rollback>
  /** Resolves once no connected Envoy has the route. @throws RouteNotAcknowledgedError as above */
  withdraw(key: string): Promise<Rollback>
  /**
   * Publishes a route that is stored already: from now on every Envoy should have it, even if one rejects it. Resolves
   * once every connected Envoy has it.
   *
   * @param route undefined for a route that was removed or can't be published
   * @throws RouteRejectedError, RouteNotAcknowledgedError; nothing is taken back
   */
  settle(key: string, route: RoutePublication | undefined): Promise<void>
  /**
   * The routes in the table that an Envoy rejects, by key, each with Envoy's reason. A new route that is rejected never
   * gets into the table, so these were loaded at the start or stored elsewhere.
   */
  refusals(): ReadonlyMap<string, string>
  /** The reason for one route; undefined if no Envoy rejects it. */
  refusalOf(key: string): string | undefined
}
