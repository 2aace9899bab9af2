import type { Facts } from './facts.js'
import { ago } from './facts.js'
import type { Finding } from './finding.js'
import { error } from './finding.js'
import { reached } from './limit-findings.js'

/** What is wrong with the route that should take the request. */
export function* routeFindings(facts: Facts): Iterable<Finding> {
  const { taker, wanted, path, now } = facts
  yield* failedChange(facts)
  if (wanted?.refused !== undefined) {
    const instead = taker === undefined || taker.routespec === wanted.routespec ? '' : `, so ${taker.routespec} gets it`
    yield error(
      'route_refused',
      `The route ${wanted.routespec} is refused${instead}: ${wanted.refused}.`,
      'Stop and start the server in the hub, so that it is added again with a target that can be used.',
    )
  }
  if (taker === undefined && wanted === undefined && facts.failedChange === undefined) {
    yield error(
      'route_missing',
      `No route matches ${path}, not even /: users get 404.`,
      'The hub adds / when it starts: see that it runs, and that it uses this proxy (its api_url and token).',
    )
  } else if (taker !== undefined && wanted?.refused === undefined && facts.failedChange === undefined) {
    yield* missing(taker.routespec, path)
  }
  if (taker === undefined) return
  yield* reached(
    { cause: 'route_full', failures: taker.failures, now },
    `${taker.routespec} has ${taker.maxRequests} requests in flight, as many as it may have; more are refused`,
    'Raise --max-requests-per-route, or see why its server answers so slowly.',
  )
}

function* failedChange({ failedChange: event, now }: Facts): Iterable<Finding> {
  if (event?.kind === 'not_stored') {
    yield error(
      'disk_full',
      `The route ${event.subject} was posted and could not be stored (${ago(event.at, now)}), so the hub was answered an error: ${event.reason}.`,
      'Free space in the state directory (--state-dir), then start the server again in the hub.',
    )
  } else if (event?.kind === 'route_refused') {
    yield error(
      'route_refused',
      `The route ${event.subject} was posted and Envoy refused it (${ago(event.at, now)}), so the hub was answered 400: ${event.reason}.`,
      'Correct what the hub posts, most often the target, then start the server again.',
    )
  }
}

/** What belongs to one user or one service in JupyterHub, below whatever base URL. */
const OF_ONE = /^(?:.*?\/)?(?:user|services)\/[^/]+/

/** A path of a user or a service that the hub's own route takes, since it has none. */
function* missing(taker: string, path: string): Iterable<Finding> {
  const [own] = OF_ONE.exec(path) ?? []
  if (own === undefined || taker.length >= own.length) return
  yield error(
    'route_missing',
    `There is no route for ${own}, so ${taker} gets the request: the server does not run, or the hub has not added it.`,
    'Start the server in the hub. If it runs there, let the hub add its routes again: restart it, or wait for its check of routes.',
  )
}
