import type { EnvoyHolding, Question } from './explanation.js'
import type { Finding } from './finding.js'

/** All that the verdict depends on. */
export interface Facts {
  readonly question: Question
  /** The longest route that matches; undefined if none does. */
  readonly wanted: { readonly routespec: string; readonly refused: string | undefined } | undefined
  /** The routespec of the route that takes the request: a shorter one if Envoy refuses the wanted one. */
  readonly taker: string | undefined
  readonly envoys: readonly EnvoyHolding[]
}

/** What is wrong, the most important first. A pure function of the facts. */
export function findings(facts: Facts): readonly Finding[] {
  const found = [...envoyFindings(facts), ...routeFindings(facts)]
  if (found.length > 0) return found
  return [{ cause: 'ok', severity: 'ok', what: `Requests go to the target of ${facts.taker}.`, todo: '' }]
}

function* envoyFindings({ envoys }: Facts): Iterable<Finding> {
  if (envoys.length > 0) return
  yield {
    cause: 'envoy_away',
    severity: 'error',
    what: 'No Envoy is connected, so nobody serves users.',
    todo: 'See the log for why it ended.',
  }
}

function* routeFindings({ question, wanted }: Facts): Iterable<Finding> {
  if (wanted === undefined) {
    yield {
      cause: 'route_missing',
      severity: 'error',
      what: `No route matches ${question.path}.`,
      todo: 'The hub adds routes: see that it runs and uses this proxy.',
    }
    return
  }
  if (wanted.refused !== undefined) {
    yield {
      cause: 'route_refused',
      severity: 'error',
      what: `The route ${wanted.routespec} is not served: ${wanted.refused}.`,
      todo: 'Add it again with a target that can be used.',
    }
  }
}
