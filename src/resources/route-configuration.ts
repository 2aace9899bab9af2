import type { ClusterSpecifierPlugin } from '#proto/envoy/config/route/v3/ClusterSpecifierPlugin.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { RouteAction } from '#proto/envoy/config/route/v3/RouteAction.js'
import type { RouteConfiguration } from '#proto/envoy/config/route/v3/RouteConfiguration.js'
import type { LuaConfig } from '#proto/envoy/extensions/router/cluster_specifiers/lua/v3/LuaConfig.js'
import { any } from '../proto.js'
import { ROUTESPEC_LIMITS } from '../routing/routespec.js'
import { ON_OWN_CONNECTION, RETRY_ON_RESET, SAFE_METHOD } from './connection-reuse.js'
import { FAILED_PATH_HEADER, HEALTH, METADATA_NAMESPACE, PATH_PREFIX_KEY, PUBLIC } from './names.js'

export interface RouteConfigurationInput {
  readonly hostRouting: boolean
  /** The text of envoy/lookup.lua. */
  readonly lookup: string
}

const HEALTH_PATH = '/_chp_healthz'

/** The name of the lookup within the route configuration. */
const LOOKUP = 'lookup'

/** The one route configuration, the same whatever routes there are: the lookup chooses among the clusters. */
export function routeConfiguration(input: RouteConfigurationInput): RouteConfiguration & { name: string } {
  return {
    name: PUBLIC,
    virtual_hosts: [{ name: PUBLIC, domains: ['*'], routes: [healthRoute(), ...lookupRoutes()] }],
    cluster_specifier_plugins: [lookupPlugin(input)],
    // The lookup may name a cluster that isn't there; that is a 404 for the request, not an error in this resource.
    validate_clusters: { value: false },
  }
}

/** As in CHP: exactly this path, whatever the method; with a query string it is an ordinary request. */
function healthRoute(): Route {
  return {
    name: HEALTH,
    match: { path: HEALTH_PATH, headers: [{ name: ':path', string_match: { exact: HEALTH_PATH } }] },
    direct_response: { status: 200, body: { inline_string: JSON.stringify({ status: 'OK' }) } },
    response_headers_to_add: [
      { header: { key: 'Content-Type', value: 'application/json' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    ],
  }
}

function lookupPlugin({ hostRouting, lookup }: RouteConfigurationInput): ClusterSpecifierPlugin {
  const constants = [
    `local HOST_ROUTING = ${hostRouting}`,
    `local MAX_SEGMENTS = ${ROUTESPEC_LIMITS.segments}`,
    `local MAX_BYTES = ${ROUTESPEC_LIMITS.bytes}`,
  ]
  return {
    extension: {
      name: LOOKUP,
      typed_config: any('envoy.extensions.router.cluster_specifiers.lua.v3.LuaConfig', {
        source_code: { inline_string: [...constants, lookup].join('\n') },
      } satisfies LuaConfig),
    },
  }
}

/** All requests, in two kinds: those that may be sent twice, and the others. */
function lookupRoutes(): Route[] {
  const route: RouteAction = {
    cluster_specifier_plugin: LOOKUP,
    cluster_not_found_response_code: 'NOT_FOUND',
    path_rewrite: `%CLUSTER_METADATA(${METADATA_NAMESPACE}:${PATH_PREFIX_KEY})%%PATH(NQ)%`,
    timeout: { seconds: 0 },
    idle_timeout: { seconds: 0 },
  }
  // What a backend sends is no reply of Envoy's own.
  const unmarked: Pick<Route, 'response_headers_to_remove'> = { response_headers_to_remove: [FAILED_PATH_HEADER] }
  return [
    { match: { prefix: '/', headers: [SAFE_METHOD] }, route: { ...route, retry_policy: RETRY_ON_RESET }, ...unmarked },
    { match: { prefix: '/' }, route, ...ON_OWN_CONNECTION, ...unmarked },
  ]
}
