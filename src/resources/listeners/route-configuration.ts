import type { ClusterSpecifierPlugin } from '#proto/envoy/config/route/v3/ClusterSpecifierPlugin.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { RouteAction } from '#proto/envoy/config/route/v3/RouteAction.js'
import type { RouteConfiguration } from '#proto/envoy/config/route/v3/RouteConfiguration.js'
import type { RouteMatch } from '#proto/envoy/config/route/v3/RouteMatch.js'
import type { LuaConfig } from '#proto/envoy/extensions/router/cluster_specifiers/lua/v3/LuaConfig.js'
import { ROUTESPEC_LIMITS } from '../../routing/routespec.js'
import type { ForwardingSettings } from '../../settings/forwarding.js'
import type { Limits } from '../../settings/limits.js'
import { duration, packAny } from '../../xds/messages.js'
import { DRAINING, FAILED_PATH_HEADER, HEALTH, HEALTH_ANSWER, HEALTH_PATH, PUBLIC, PUBLIC_ROUTES } from '../names.js'
import { RETRY_ON_RESET, SAFE_METHOD } from '../shared/connection-reuse.js'
import { headerToSet } from '../shared/header-mutation.js'
import { bodilessIdle, NEVER, NEVER_IDLE, UPLOAD_PRIORITY, unfinishedIdle } from '../shared/limits.js'
import { ARRIVAL_HEADER, COMPLETE_AT_ONCE } from './arrival.js'
import { endedLoops } from './loops.js'
import { CORRECT_PATH, customHeaders, ODD_PATH, rewritingAction } from './rewriting.js'
import { AS_IT_COMES, COMPLETE, HEADERS_TOO_LARGE, WAITING, WAITING_CLUSTER } from './unfinished-requests.js'
import { refusedUpgrades, WEBSOCKET } from './upgrades.js'

export interface RouteConfigurationInput {
  readonly hostRouting: boolean
  readonly forwarding: ForwardingSettings
  readonly limits: Limits
  /** The text of envoy/lookup.lua. */
  readonly lookup: string
}

/** The name of the lookup within the route configuration. */
const LOOKUP = 'lookup'

/** The single route configuration, independent of the hub's routes: the lookup chooses among the clusters. */
export function routeConfiguration(input: RouteConfigurationInput): RouteConfiguration & { name: string } {
  return {
    name: PUBLIC_ROUTES,
    virtual_hosts: [
      {
        name: PUBLIC,
        domains: ['*'],
        routes: [...healthRoutes(), ...endedLoops(input.forwarding), ...refusedUpgrades(), ...lookupRoutes(input)],
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

function lookupPlugin({ hostRouting, lookup }: RouteConfigurationInput): ClusterSpecifierPlugin {
  const constants = [
    `local HOST_ROUTING = ${hostRouting}`,
    `local MAX_SEGMENTS = ${ROUTESPEC_LIMITS.segments}`,
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

/**
 * The first route that matches applies: first those of complete requests, most frequent ones before others, then one in
 * which requests wait for their end, then one for uploads.
 */
function lookupRoutes({ forwarding, limits }: RouteConfigurationInput): Route[] {
  const withoutTimeout: RouteAction = {
    ...rewritingAction(forwarding),
    cluster_specifier_plugin: LOOKUP,
    cluster_not_found_response_code: 'NOT_FOUND',
    timeout: NEVER,
    idle_timeout: NEVER_IDLE,
  }
  const { idleTimeoutMs } = forwarding
  const action =
    idleTimeoutMs === undefined ? withoutTimeout : { ...withoutTimeout, idle_timeout: duration(idleTimeoutMs) }
  const headers = customHeaders(forwarding)
  // A backend must not mark its answer as one of Envoy's own replies.
  const common = {
    request_headers_to_add: headers,
    request_headers_to_remove: [ARRIVAL_HEADER],
    response_headers_to_remove: [FAILED_PATH_HEADER],
  }
  const idle_timeout = unfinishedIdle(limits, idleTimeoutMs)
  const upload: RouteAction = { ...action, idle_timeout, priority: UPLOAD_PRIORITY }
  const waiting = (hasBody: boolean): RouteAction => ({
    cluster: WAITING_CLUSTER,
    timeout: NEVER,
    idle_timeout: hasBody ? idle_timeout : bodilessIdle(limits),
  })
  // Such paths are rare: websockets there get no exemption from --timeout. The first route
  // that is chosen decides which filters a request passes.
  const oddPaths = forwarding.includePrefix ? [{ match: ODD_PATH, ...CORRECT_PATH }] : []
  const paths = [...oddPaths, { match: { prefix: '/' }, typed_per_filter_config: {} }]
  const repeatable: RouteAction = { ...action, retry_policy: RETRY_ON_RESET }
  return [
    ...paths.map((path) => ({
      ...path,
      match: { ...path.match, headers: [...COMPLETE_AT_ONCE] },
      route: repeatable,
      ...common,
    })),
    ...oddPaths.map((odd) => ({ ...odd, match: { ...odd.match, ...COMPLETE }, route: action, ...common })),
    { match: { prefix: '/', headers: [WEBSOCKET], ...COMPLETE }, route: withoutTimeout, ...common },
    // These may be retried.
    {
      match: { prefix: '/', headers: [SAFE_METHOD], ...COMPLETE },
      route: repeatable,
      ...common,
    },
    { match: { prefix: '/', ...COMPLETE }, route: action, ...common },
    HEADERS_TOO_LARGE,
    ...paths.flatMap((path) =>
      WAITING.map(({ headers, hasBody, typed_per_filter_config }) => ({
        match: { ...path.match, headers },
        route: waiting(hasBody),
        typed_per_filter_config: { ...typed_per_filter_config, ...path.typed_per_filter_config },
      })),
    ),
    ...paths.map(({ match, typed_per_filter_config }) => ({
      match,
      route: upload,
      ...common,
      typed_per_filter_config: { ...AS_IT_COMES, ...typed_per_filter_config },
    })),
  ]
}
