import { printable } from '../../platform/text.js'
import type { StatusFacts } from './facts.js'
import { isRecent } from './facts.js'
import type { Finding } from './finding.js'

/** How much of a route or a reason a sentence shows, in characters. */
const SHOWN = 120

/** A refused POST is reported for so long, in seconds. */
const LATELY_SECONDS = 600

/** Routes that don't lead anywhere. */
export function routeRules(facts: StatusFacts): readonly Finding[] {
  return [...defaultRoute(facts), ...refused(facts), ...notAdded(facts), ...unresolved(facts)]
}

function defaultRoute({ hasDefaultRoute }: StatusFacts): readonly Finding[] {
  if (hasDefaultRoute) return []
  return [
    {
      code: 'no_default_route',
      level: 'amber',
      what: 'There is no route for /: whoever has no server gets 404 instead of the hub.',
      remedy: 'The hub adds it when it starts. Is it running? It can also be set with --default-target.',
    },
  ]
}

function refused({ refusals }: StatusFacts): readonly Finding[] {
  const [first] = refusals
  if (first === undefined) return []
  const [routespec, reason] = first.map((text) => printable(text, SHOWN))
  const others = refusals.size === 1 ? '' : `, and ${refusals.size - 1} more`
  return [
    {
      code: 'routes_refused',
      level: 'amber',
      what: `Envoy refuses the route ${routespec} (${reason})${others}.`,
      remedy:
        'It takes no requests. Restart that server from the hub, so that its route is added again, or delete the route.',
    },
  ]
}

/** A posted route that Envoy refused is in no table; the hub was told, and the user waits. */
function notAdded(facts: StatusFacts): readonly Finding[] {
  const refusals = facts.events.filter(
    ({ kind, at, isOver }) => kind === 'route_refused' && !isOver && isRecent(at, facts, LATELY_SECONDS),
  )
  const [last] = refusals.filter(({ subject }) => !facts.refusals.has(subject))
  if (last === undefined) return []
  const [routespec, reason] = [last.subject, last.reason].map((text) => printable(text, SHOWN))
  const what = `Envoy refused the route ${routespec} when it was posted (${reason}): it was not added.`
  return [
    { code: 'route_not_added', level: 'amber', what, remedy: 'Correct its target, then start that server again.' },
  ]
}

function unresolved({ snapshot: { names } }: StatusFacts): readonly Finding[] {
  if (names.unresolved === 0) return []
  const what =
    names.unresolved === 1
      ? "The host name of a target doesn't resolve: users of its routes get 503."
      : `${names.unresolved} host names of targets don't resolve: users of their routes get 503.`
  return [
    {
      code: 'names_unresolved',
      level: 'amber',
      what,
      remedy: 'Do the name servers answer? Do these servers still exist?',
    },
  ]
}
