import type { RoutePublication } from './route.js'

/**
 * Takes a change back that every Envoy has: what was there before is again what they are to have, at once and whatever
 * becomes of it. Resolves when all have it, or after a while in which not all have answered; never rejects.
 */
export type TakeBack = () => Promise<void>

/** Brings routes to every Envoy. The route table owns the calls: at most one at a time for a key. */
export interface RoutePublisher {
  /**
   * Resolves once every connected Envoy routes to the target, for a first or a changed one alike.
   *
   * @throws RouteRejectedError if an Envoy refused it, RouteNotAcknowledgedError if one didn't answer in time. The old
   *   state is on its way back by then.
   */
  publish(route: RoutePublication): Promise<TakeBack>
  /** Resolves once no connected Envoy has the route. @throws RouteNotAcknowledgedError as above */
  withdraw(key: string): Promise<TakeBack>
  /**
   * Brings what is stored already: from now on every Envoy is to have it, whatever one answers. Resolves once every
   * connected Envoy has it.
   *
   * @param route undefined for a route that is gone or can't be published
   * @throws ResourceRejectedError, NotAcknowledgedError; nothing is taken back
   */
  settle(key: string, route: RoutePublication | undefined): Promise<void>
  /**
   * The routes that an Envoy refuses although they were to be there, by key, each with Envoy's reason: what was loaded
   * at the start and is not to that Envoy's liking.
   */
  refusals(): ReadonlyMap<string, string>
  /** The reason for one route; undefined if no Envoy refuses it. */
  refusalOf(key: string): string | undefined
}
