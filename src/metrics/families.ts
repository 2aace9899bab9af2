import type { Family, Labels, Sample } from './exposition.js'
import { counter, gauge, histogram, summary } from './exposition.js'
import type { ConnectedEnvoy, LimitFill, Snapshot } from './snapshot.js'

/** The metrics that a snapshot has: those of CHP that Envoy counts, and ours. Labels name no route and no user. */
export function familiesOf(snapshot: Snapshot): Family[] {
  return [
    ...ofChp(snapshot),
    ...ofUsers(snapshot),
    ...ofLimits(snapshot),
    ...ofEnvoys(snapshot),
    ...ofRoutes(snapshot),
    ...ofStore(snapshot),
    ...ofSurroundings(snapshot),
    ...ofFleet(snapshot),
  ]
}

function ofFleet({ fleet }: Snapshot): Family[] {
  if (fleet === undefined) return []
  return [
    gauge(
      'cep_fleet_members',
      'Control planes of these routes that are in their place, as this one knows',
      fleet.members,
    ),
    gauge('cep_fleet_in_place', 'Whether this control plane takes calls and Envoys', fleet.isIn ? 1 : 0),
    counter('cep_fleet_fenced_total', 'Times that this control plane has fenced another one', fleet.fenced),
    counter('cep_fleet_place_lost_total', 'Times that this control plane has lost its place', fleet.lost),
  ]
}

function ofChp({ traffic, latency }: Snapshot): Family[] {
  return [
    counter('requests_web', 'Requests of users, without websockets', traffic.web),
    counter('requests_ws', 'Websockets that users asked for', traffic.websockets),
    counter('requests_proxy', 'Answers to requests of users', by('status', traffic.byStatus ?? new Map())),
    summary('find_target_for_req', 'Seconds that Envoy took to find the route of a request', latency.lookup),
  ]
}

function ofUsers({ traffic, latency, open, failed, closed, shed }: Snapshot): Family[] {
  const bytes = new Map(Object.entries(traffic.bytes))
  return [
    counter(
      'cep_failed_requests_total',
      'Requests of users that Envoy itself made fail, by reason',
      by('reason', failed),
    ),
    counter(
      'cep_closed_connections_total',
      'Connections of users that Envoy closed at a limit, before any request',
      by('limit', closed),
    ),
    counter('cep_shed_total', 'Requests and connections refused or ended to protect the others', by('reason', shed)),
    counter('cep_request_retries_total', 'Times that a request was sent to its target again', traffic.retries ?? 0),
    counter('cep_client_bytes_total', "Bytes on users' connections", by('direction', bytes)),
    histogram('cep_upstream_response_seconds', "Time until the target's answer began", [{ of: latency.upstream }]),
    histogram('cep_request_duration_seconds', "Time until an answer or a websocket's life ended", [
      { of: latency.whole },
    ]),
    gauge('cep_connections_open', 'Connections of users', open.connections),
    gauge('cep_requests_in_flight', 'Requests of users in flight, with websockets', open.requests),
    gauge('cep_websockets_open', 'Websockets of users', open.websockets),
  ]
}

function ofLimits({ limits }: Snapshot): Family[] {
  const samples = (value: (fill: LimitFill) => number | undefined): Sample[] =>
    limits.flatMap((fill) => {
      const found = value(fill)
      const labels: Labels = { limit: fill.limit, ...(fill.envoy !== undefined && { envoy: fill.envoy }) }
      return found === undefined ? [] : [{ labels, value: found }]
    })
  return [
    gauge(
      'cep_limit_used',
      'How much of a limit is used',
      samples(({ used }) => used),
    ),
    gauge(
      'cep_limit_max',
      'The limit',
      samples(({ max }) => max),
    ),
    gauge(
      'cep_limit_fill_ratio',
      'How full a limit is, 0 to 1',
      samples(({ ratio }) => ratio),
    ),
  ]
}

function ofEnvoys({ envoys, delivery }: Snapshot): Family[] {
  const samples = (value: (envoy: ConnectedEnvoy) => number | undefined): Sample[] =>
    envoys.flatMap((envoy) => {
      const found = value(envoy)
      return found === undefined ? [] : [{ labels: { envoy: envoy.id }, value: found }]
    })
  const info = envoys.map(({ id, version = '' }) => ({ labels: { envoy: id, version }, value: 1 }))
  return [
    gauge('cep_envoys_connected', 'Envoys that take their configuration from here', envoys.length),
    gauge('cep_envoy_info', 'An Envoy that is connected, with its version', info),
    gauge(
      'cep_envoy_pending_resources',
      'Resources that an Envoy has yet to acknowledge',
      samples(({ pending }) => pending),
    ),
    gauge(
      'cep_envoy_rejected_resources',
      'Resources in their latest version that an Envoy rejects',
      samples(({ rejected }) => rejected),
    ),
    gauge(
      'cep_envoy_uptime_seconds',
      'How long an Envoy has been running',
      samples(({ report }) => report?.uptimeSeconds),
    ),
    gauge(
      'cep_envoy_resident_bytes',
      "The memory of an Envoy's process",
      samples(({ report }) => report?.physicalBytes),
    ),
    counter('cep_rejected_resources_total', 'Times that Envoy rejected a resource', delivery.rejections),
    counter(
      'cep_envoys_cut_off_total',
      'Times that an Envoy did not answer while others did, and was given up',
      delivery.cutOff,
    ),
  ]
}

function ofRoutes({ routes, changes }: Snapshot): Family[] {
  return [
    gauge('cep_routes', 'Routes in the table', routes.total),
    gauge('cep_routes_rejected', 'Routes in the table that Envoy refuses', routes.rejected),
    histogram('cep_route_change_seconds', 'Time until every Envoy had acknowledged a change of a route', [
      { labels: { change: 'added' }, of: changes.added },
      { labels: { change: 'removed' }, of: changes.removed },
    ]),
    counter(
      'cep_route_change_failures_total',
      'Changes of routes that an Envoy refused or did not acknowledge in time',
      changes.failures,
    ),
  ]
}

function ofStore({ store }: Snapshot): Family[] {
  const known = (value: number | undefined) => (value === undefined ? [] : [{ value }])
  return [
    histogram('cep_store_write_seconds', 'Time until a change of a route was stored', [{ of: store.writes }]),
    counter('cep_store_write_failures_total', 'Changes of routes that could not be stored', store.failures),
    gauge('cep_store_size_bytes', "Size of the store's files", known(store.bytes)),
    gauge('cep_store_free_bytes', "What is free on the store's disk", known(store.freeBytes)),
  ]
}

function ofSurroundings({ names, certificates }: Snapshot): Family[] {
  const expiry = certificates.map(({ option, path, expires }) => ({
    labels: { option, file: path },
    value: expires.getTime() / 1000,
  }))
  return [
    gauge('cep_target_names', 'Host names of targets', names.used),
    gauge('cep_target_names_unresolved', 'Host names of targets without an address', names.unresolved),
    counter('cep_dns_failures_total', 'Queries for host names of targets that failed', names.failures),
    gauge('cep_certificate_expiry_timestamp_seconds', 'When a certificate in use ends', expiry),
  ]
}

/** A sample for each entry, in the order of their names. */
function by(label: string, counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => ({ labels: { [label]: key }, value }))
}
