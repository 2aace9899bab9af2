import type { ClusterSpecifierPlugin } from '#proto/envoy/config/route/v3/ClusterSpecifierPlugin.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { RouteConfiguration } from '#proto/envoy/config/route/v3/RouteConfiguration.js'
import type { RouteMatch } from '#proto/envoy/config/route/v3/RouteMatch.js'
import type { LuaConfig } from '#proto/envoy/extensions/router/cluster_specifiers/lua/v3/LuaConfig.js'
import { ROUTESPEC_LIMITS } from '../../routing/routespec.js'
import { packAny } from '../../xds/messages.js'
import { DRAINING, HEALTH, HEALTH_ANSWER, HEALTH_PATH, PUBLIC, PUBLIC_ROUTES } from '../names.js'
import { headerToSet } from '../shared/header-mutation.js'
import { ARRIVAL_HEADER } from './arrival.js'
import type { LookupRoutesInput } from './lookup-routes.js'
import { LOOKUP, lookupRoutes, ordinaryRoutes } from './lookup-routes.js'
import { endedLoops } from './loops.js'
import { REFERER_COPY } from './referer.js'
import { MARK_RETRIES } from './repeat.js'
import { refusedUpgrades } from './upgrades.js'

export interface RouteConfigurationInput extends LookupRoutesInput {
  readonly hostRouting: boolean
  /** The text of envoy/lookup.lua. */
  readonly lookup: string
}

/** The single route configuration. Of the hub's routes it knows only the shape: the lookup chooses among the clusters. */
export function routeConfiguration(input: RouteConfigurationInput): RouteConfiguration & { name: string } {
  return {
    name: PUBLIC_ROUTES,
    virtual_hosts: [
      {
        name: PUBLIC,
        domains: ['*'],
        // After the routes have changed a request's headers.
        request_headers_to_remove: [REFERER_COPY, ARRIVAL_HEADER],
        ...MARK_RETRIES,
        routes: [
          ...ordinaryRoutes(input),
          ...healthRoutes(),
          ...endedLoops(input.forwarding),
          ...refusedUpgrades(),
          ...lookupRoutes(input),
        ],
      },
    ],
    cluster_specifier_plugins: [lookupPlugin(input)],
    // The lookup may return a missing cluster: then the request gets 404, and this resource is valid nevertheless.
    validate_clusters: { value: false },
  }
}

/**
 * As in CHP: exactly this path, with any method; with a query string it is an ordinary request. It fails while Envoy is
 * drained, so that load balancers send no new clients there.
 */
function healthRoutes(): Route[] {
  const match: RouteMatch = { path: HEALTH_PATH, headers: [{ name: ':path', string_match: { exact: HEALTH_PATH } }] }
  return [
    {
      name: HEALTH,
      match: { ...match, runtime_fraction: { default_value: { numerator: 0 }, runtime_key: DRAINING } },
      direct_response: { status: 503 },
    },
    {
      name: HEALTH,
      match,
      direct_response: { status: 200, body: { inline_string: HEALTH_ANSWER } },
      response_headers_to_add: [headerToSet('Content-Type', 'application/json')],
    },
  ]
}

function lookupPlugin({ hostRouting, lookup, shape }: RouteConfigurationInput): ClusterSpecifierPlugin {
  const constants = [
    `local HOST_ROUTING = ${hostRouting}`,
    `local MAX_SEGMENTS = ${shape.segments}`,
    `local MAX_BYTES = ${ROUTESPEC_LIMITS.bytes}`,
  ]
  return {
    extension: {
      name: LOOKUP,
      typed_config: packAny('envoy.extensions.router.cluster_specifiers.lua.v3.LuaConfig', {
        source_code: { inline_string: [...constants, lookup].join('\n') },
      } satisfies LuaConfig),
    },
  }
}
