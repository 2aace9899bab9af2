import { encodeResource } from '../resources/encode.js'
import { routeConfiguration } from '../resources/listeners/route-configuration.js'
import type { TableShape } from '../resources/listeners/table-shape.js'
import { isWithin, shapeOf, together, usualShape } from '../resources/listeners/table-shape.js'
import { PUBLIC_ROUTES, TYPE_URL } from '../resources/names.js'
import type { Scripts } from '../resources/scripts.js'
import type { RoutePublication } from '../routing/route.js'
import type { Settings } from '../settings/settings.js'
import type { Resource } from '../xds/resource.js'
import type { ServedCollection } from '../xds/served-collection.js'

/**
 * Keeps the route configuration such that it finds every route: it is made for tables of a {@link TableShape}, which only
 * grows until the next start. A hub's table grows in shape a few times at most, however many routes it gets.
 */
export class LookupPublisher {
  readonly #routeConfigurations: ServedCollection
  readonly #settings: Settings
  /** The text of envoy/lookup.lua. */
  #script = ''
  /** Of the configuration in the collection. */
  #shape: TableShape
  /** Every Envoy that serves has acknowledged a configuration for this shape. */
  #acknowledged: TableShape

  constructor(routeConfigurations: ServedCollection, settings: Settings) {
    this.#routeConfigurations = routeConfigurations
    this.#settings = settings
    this.#shape = usualShape(settings.routing.hostRouting)
    this.#acknowledged = this.#shape
  }

  /** Makes the configuration for the stored routes, before any Envoy connects. */
  load(routes: readonly RoutePublication[], { lookup }: Scripts): void {
    this.#script = lookup
    this.#shape = routes.map(shapeOf).reduce(together, this.#shape)
    this.#acknowledged = this.#shape
    this.#set()
  }

  /** From now on every Envoy should have a configuration that finds this route. */
  include(route: RoutePublication): void {
    const shape = shapeOf(route)
    if (isWithin(shape, this.#shape)) return
    this.#shape = together(this.#shape, shape)
    this.#set()
  }

  /**
   * Resolves when every Envoy that serves finds this route as soon as it has its cluster: at once, unless the shape has
   * just grown.
   *
   * @throws as `Delivery.delivered`
   */
  async finds(route: RoutePublication): Promise<void> {
    this.include(route)
    if (isWithin(shapeOf(route), this.#acknowledged)) return
    const sent = this.#shape
    await this.#routeConfigurations.delivery.delivered(PUBLIC_ROUTES)
    this.#acknowledged = together(this.#acknowledged, sent)
  }

  #set(): void {
    const resource = publicRoutes(this.#settings, this.#script, this.#shape)
    this.#routeConfigurations.collection.set(PUBLIC_ROUTES, resource)
  }
}

/** The routes of the public listener, for all tables of a shape. */
function publicRoutes(settings: Settings, lookup: string, shape: TableShape): Resource {
  const { public: address, tls, routing, forwarding, limits, errorPages } = settings
  const encrypted = tls.public !== undefined
  const port = 'port' in address ? address.port : undefined
  const hasErrorTarget = errorPages.target !== undefined
  const input = { hostRouting: routing.hostRouting, forwarding, limits, lookup, encrypted, port, hasErrorTarget, shape }
  return encodeResource(TYPE_URL.routeConfiguration, routeConfiguration(input))
}
