import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { RouteAction } from '#proto/envoy/config/route/v3/RouteAction.js'
import type { RouteMatch } from '#proto/envoy/config/route/v3/RouteMatch.js'
import type { ForwardingSettings } from '../../settings/forwarding.js'
import type { Limits } from '../../settings/limits.js'
import { duration } from '../../xds/messages.js'
import { FAILED_PATH_HEADER } from '../names.js'
import { RETRY_ON_RESET, SAFE_METHOD } from '../shared/connection-reuse.js'
import { bodilessIdle, NEVER, NEVER_IDLE, UPLOAD_PRIORITY, unfinishedIdle } from '../shared/limits.js'
import { COMPLETE_AT_ONCE } from './arrival.js'
import type { PortRoute } from './forwarded-headers.js'
import { portRoutes } from './forwarded-headers.js'
import { isNoLoop } from './loops.js'
import { CORRECT_PATH, customHeaders, ODD_PATH, ORDINARY_PATH, rewritingAction } from './rewriting.js'
import type { TableShape } from './table-shape.js'
import { AS_IT_COMES, COMPLETE, HEADERS_TOO_LARGE, WAITING, WAITING_CLUSTER } from './unfinished-requests.js'
import { WEBSOCKET } from './upgrades.js'

export interface LookupRoutesInput {
  readonly forwarding: ForwardingSettings
  readonly limits: Limits
  /** Whether clients speak TLS to the listener. */
  readonly encrypted: boolean
  /** The listener's port; undefined for a unix socket. */
  readonly port?: number | undefined
  /** Whether error pages are fetched from a server. */
  readonly hasErrorTarget: boolean
  /** Of the route table. */
  readonly shape: TableShape
}

/** The name of the lookup within the route configuration. */
export const LOOKUP = 'lookup'

/**
 * Routes of nearly all requests: GETs that end with their headers, with a path that stays as it is and a port that is
 * known. They come before all others, and match nothing that one of those is for.
 */
export function ordinaryRoutes(input: LookupRoutesInput): Route[] {
  const { forwarding, encrypted, port } = input
  const { repeatable, changes } = partsOf(input)
  // No timer at all, where the others have one of a year: it would be set again with each part of the answer.
  const route = forwarding.idleTimeoutMs === undefined ? { ...repeatable, idle_timeout: NEVER } : repeatable
  const { known, any } = portRoutes({ xForward: forwarding.xForward, encrypted, port })
  return (known.length > 0 ? known : [any]).map((port) => ({
    ...changes(port),
    match: { ...ORDINARY_PATH, headers: [...port.headers, ...COMPLETE_AT_ONCE, isNoLoop(forwarding, encrypted)] },
    route,
  }))
}

/**
 * The first route that matches applies: first those of complete requests, most frequent ones before others, then one in
 * which requests wait for their end, then one for uploads. The first route that is chosen decides which filters a request
 * passes.
 */
export function lookupRoutes(input: LookupRoutesInput): Route[] {
  const parts = partsOf(input)
  return [
    ...routesAtOnce(parts),
    ...completeRoutes(parts),
    HEADERS_TOO_LARGE,
    ...waitingRoutes(parts, input),
    ...uploadRoutes(parts, input),
  ]
}

interface Path {
  readonly match: RouteMatch
  readonly typed_per_filter_config: NonNullable<Route['typed_per_filter_config']>
}

/** What the routes are put together from. */
interface Parts {
  readonly oddPaths: readonly Path[]
  readonly ordinary: Path
  readonly ports: readonly PortRoute[]
  /** The last of these, for any port. */
  readonly anyPort: PortRoute
  readonly action: RouteAction
  readonly withoutTimeout: RouteAction
  /** These may be retried. */
  readonly repeatable: RouteAction
  /** Changes headers of websockets, whose filters have said where they come from. */
  readonly handshake: HeaderChanges
  /** Changes headers of all other requests. */
  readonly changes: (port: PortRoute) => HeaderChanges
}

type HeaderChanges = Pick<Route, 'request_headers_to_add' | 'response_headers_to_remove'>

function partsOf({ forwarding, encrypted, port, hasErrorTarget, shape }: LookupRoutesInput): Parts {
  const withoutTimeout: RouteAction = {
    ...rewritingAction(forwarding, shape),
    cluster_specifier_plugin: LOOKUP,
    cluster_not_found_response_code: 'NOT_FOUND',
    timeout: NEVER,
    idle_timeout: NEVER_IDLE,
  }
  const { idleTimeoutMs } = forwarding
  const action =
    idleTimeoutMs === undefined ? withoutTimeout : { ...withoutTimeout, idle_timeout: duration(idleTimeoutMs) }
  const custom = customHeaders(forwarding)
  const handshake = {
    request_headers_to_add: custom,
    // A backend must not mark its answer as one of Envoy's own replies. A header that is removed costs 1 % of a request.
    ...(hasErrorTarget && { response_headers_to_remove: [FAILED_PATH_HEADER] }),
  }
  const { known, any } = portRoutes({ xForward: forwarding.xForward, encrypted, port })
  return {
    // Such paths are rare: websockets there get no exemption from --timeout.
    oddPaths: forwarding.includePrefix ? [{ match: ODD_PATH, ...CORRECT_PATH }] : [],
    ordinary: { match: { prefix: '/' }, typed_per_filter_config: {} },
    ports: [...known, any],
    anyPort: any,
    ...{ action, withoutTimeout, handshake },
    repeatable: { ...action, retry_policy: RETRY_ON_RESET },
    changes: ({ request_headers_to_add }) => ({
      ...handshake,
      request_headers_to_add: [...request_headers_to_add, ...custom],
    }),
  }
}

function routesAtOnce({ oddPaths, ordinary, ports, anyPort, repeatable, changes }: Parts): Route[] {
  const of = (path: Path, port: PortRoute): Route => ({
    ...changes(port),
    match: { ...path.match, headers: [...COMPLETE_AT_ONCE, ...port.headers] },
    route: repeatable,
    typed_per_filter_config: { ...path.typed_per_filter_config, ...port.typed_per_filter_config },
  })
  return [...oddPaths.map((odd) => of(odd, anyPort)), ...ports.map((port) => of(ordinary, port))]
}

function completeRoutes({ oddPaths, anyPort, action, withoutTimeout, repeatable, ...parts }: Parts): Route[] {
  const changes = parts.changes(anyPort)
  const websocket = { headers: [WEBSOCKET], ...COMPLETE }
  return [
    ...oddPaths.flatMap((odd) => [
      { ...odd, match: { ...odd.match, ...websocket }, route: action, ...parts.handshake },
      { ...odd, match: { ...odd.match, ...COMPLETE }, route: action, ...changes },
    ]),
    { match: { prefix: '/', ...websocket }, route: withoutTimeout, ...parts.handshake },
    { match: { prefix: '/', headers: [SAFE_METHOD], ...COMPLETE }, route: repeatable, ...changes },
    { match: { prefix: '/', ...COMPLETE }, route: action, ...changes },
  ]
}

function waitingRoutes({ oddPaths, ordinary, anyPort }: Parts, { limits, forwarding }: LookupRoutesInput): Route[] {
  const waiting = (hasBody: boolean): RouteAction => ({
    cluster: WAITING_CLUSTER,
    timeout: NEVER,
    idle_timeout: hasBody ? unfinishedIdle(limits, forwarding.idleTimeoutMs) : bodilessIdle(limits),
  })
  return [...oddPaths, ordinary].flatMap((path) =>
    WAITING.map(({ headers, hasBody, typed_per_filter_config }) => ({
      match: { ...path.match, headers },
      route: waiting(hasBody),
      typed_per_filter_config: {
        ...typed_per_filter_config,
        ...path.typed_per_filter_config,
        ...anyPort.typed_per_filter_config,
      },
    })),
  )
}

function uploadRoutes(
  { oddPaths, ordinary, action, anyPort, changes }: Parts,
  { limits, forwarding }: LookupRoutesInput,
): Route[] {
  const idle_timeout = unfinishedIdle(limits, forwarding.idleTimeoutMs)
  return [...oddPaths, ordinary].map(({ match, typed_per_filter_config }) => ({
    match,
    route: { ...action, idle_timeout, priority: UPLOAD_PRIORITY },
    ...changes(anyPort),
    typed_per_filter_config: { ...AS_IT_COMES, ...typed_per_filter_config, ...anyPort.typed_per_filter_config },
  }))
}
