/** Type URLs of the resources that are served. */
export const TYPE_URL = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
  routeConfiguration: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  tokenBucket: 'type.googleapis.com/envoy.type.v3.TokenBucket',
} as const

/** The public listener and its statistics. */
export const PUBLIC = 'public'

/**
 * The route configuration of the public listener. It needs filters of this listener. When it needs others, it must get
 * a new name, so that a draining listener keeps the one that fits it.
 */
export const PUBLIC_ROUTES = 'public-retries'

/** Secrets: certificates with their keys, and the authorities that others' certificates are verified against. */
export const SECRET = {
  publicCertificate: 'public-certificate',
  clientAuthorities: 'client-authorities',
  targetCertificate: 'target-certificate',
  targetAuthorities: 'target-authorities',
  collectorAuthorities: 'collector-authorities',
} as const

/** The cluster that keeps the secrets of https targets in Envoy. See {@link secretsCluster}. */
export const SECRETS_CLUSTER = 'secrets'

/** The cluster that error pages are fetched from. No route's cluster can have this name: see {@link clusterName}. */
export const ERROR_TARGET = 'error_target'

/**
 * A response header that never leaves Envoy: it marks Envoy's own replies for the filter that fetches error pages, and
 * contains the requested path.
 */
export const FAILED_PATH_HEADER = 'x-cep-failed-path'

/** The cluster of the collector of traces. */
export const OTLP_COLLECTOR = 'otlp_collector'

/** The header with a request's id; see {@link requestIds}. */
export const REQUEST_ID_HEADER = 'x-request-id'

/** Envoy's static cluster of the control plane. */
export const CONTROL_PLANE = 'control_plane'

/** The names of Envoy's counters of activity. See {@link activityCounters}. */
export const ACTIVITY = {
  prefix: 'activity',
  counters: { answered: 'answered', body: 'body', stream: 'stream', unreachable: 'unreachable' },
  labels: { route: 'route', stream: 'stream', bytes: 'bytes' },
} as const

/** The listener that redirects to HTTPS, and the objects in it. */
export const REDIRECT = 'redirect'

/** The names of Envoy's counters and histograms of requests. See {@link requestCounters}. */
export const REQUESTS = {
  scope: 'requests',
  answered: 'answered',
  route: 'route',
  status: 'status',
  /** How often the request was sent to its target. */
  attempts: 'attempts',
  /** How long the target took to begin its answer, in milliseconds. */
  upstream: 'upstream',
  /** How long the choice of the route took, in microseconds. */
  lookup: 'lookup',
  /** Replaces statuses that are not valid in HTTP. */
  otherStatus: 'other',
} as const

/** The names of Envoy's counters of failed requests. See {@link failureLog}. */
export const FAILURES = {
  scope: 'failures',
  failed: 'failed',
  kind: 'kind',
  /** The same requests by route and reason. */
  byRoute: 'by_route',
  route: 'route',
  reason: 'reason',
} as const

/** Envoy's gauges of what unfinished requests of all workers use, each of its limit in the metrics. */
export const UNFINISHED_GAUGES = { waiting: 'waiting', uploads: 'uploads' } as const

/** The token bucket that limits how many failed requests are logged. */
export const FAILURE_LINES = 'failure-lines'

/** The route of the health check, whose requests don't count as users'. */
export const HEALTH = 'health'

/** The namespace in a cluster's metadata for what the single Envoy route needs to know of it. */
export const METADATA_NAMESPACE = 'configurable_envoy_proxy'

/** The request metadata in which envoy/repeat.lua stores how an attempt to send the request failed. */
export const ATTEMPT = { namespace: 'configurable_envoy_proxy.attempt', failure: 'failure' } as const

/** The request metadata in which filters keep what an access log has of a request, without secrets. */
export const ACCESS_LOG_NAMESPACE = 'configurable_envoy_proxy.access_log'

/** The request metadata in which envoy/places.lua marks a request that was refused. */
export const UNFINISHED = { namespace: 'configurable_envoy_proxy.unfinished', full: 'full' } as const

const ROUTE_PREFIX = 'r:'

/** The metadata key of the {@link RouteRecord}. */
export const ROUTE_KEY = 'route'

/**
 * The name of routes' clusters in Envoy's statistics, of which they have none: one for all, since Envoy would remember for
 * each cluster under a name of its own which statistics it doesn't have, 2 kB a route.
 */
export const ROUTES_STATISTICS = 'r_'

/** The cluster of a route. The Lua lookup builds the same name from a request. */
export function clusterName(routeKey: string): string {
  return `${ROUTE_PREFIX}${routeKey}`
}

/** The key of the route whose cluster has this name; undefined if it is not a route's cluster. */
export function routeKeyOf(name: string): string | undefined {
  return name.startsWith(ROUTE_PREFIX) ? name.slice(ROUTE_PREFIX.length) : undefined
}

/** CHP's path of the health check. */
export const HEALTH_PATH = '/_chp_healthz'

/** The key in Envoy's runtime that makes the health check fail, in percent of the probes. */
export const DRAINING = 'configurable_envoy_proxy.draining'

export const HEALTH_ANSWER = JSON.stringify({ status: 'OK' })
