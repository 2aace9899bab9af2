import type { Family, Sample } from './exposition.js'
import { counter, gauge } from './exposition.js'
import type { RouteSum } from './route-sums.js'

/** What is known of one route. */
export interface RouteFigures extends Readonly<RouteSum> {
  /** As it was posted. */
  readonly routespec: string
  readonly lastActivity: Date
  /** Requests and websockets that have lasted for two seconds. */
  readonly longRequests: number
}

/** The metrics of single routes. They name users, so they are only for those who may use the REST API. */
export function routeFamilies(routes: readonly RouteFigures[]): Family[] {
  const samples = (value: (route: RouteFigures) => number): Sample[] =>
    routes.map((route) => ({ labels: { route: route.routespec }, value: value(route) }))
  return [
    gauge(
      'cep_route_last_activity_timestamp_seconds',
      'When a route was last active',
      samples(({ lastActivity }) => lastActivity.getTime() / 1000),
    ),
    gauge(
      'cep_route_long_requests',
      'Requests and websockets of a route that have lasted for two seconds',
      samples(({ longRequests }) => longRequests),
    ),
    counter(
      'cep_route_answers_total',
      'Answers below 300 of a route',
      samples(({ answers }) => answers),
    ),
    counter(
      'cep_route_failed_requests_total',
      'Requests of a route that Envoy itself made fail',
      samples(({ failed }) => failed),
    ),
  ]
}
