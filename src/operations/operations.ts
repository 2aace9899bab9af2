import type { RouteTable } from '../routing/table.js'
import type { ExplainSources } from './explain/explain.js'
import { explain } from './explain/explain.js'
import type { Explanation, Question } from './explain/explanation.js'
import type { StatusFacts } from './status/facts.js'
import type { Overview } from './status/overview.js'
import { overview } from './status/overview.js'
import type { RoutesQuery, RoutesView } from './status/routes-view.js'
import { routesView } from './status/routes-view.js'

/** What the answers are made from: the parts of a running control plane. */
export interface OperationsSources extends ExplainSources {
  readonly table: ExplainSources['table'] & Pick<RouteTable, 'all' | 'refusals'>
  /** All that the status depends on, as it is now. */
  readonly statusFacts: () => Promise<StatusFacts>
}

/**
 * Answers what an operator asks. Each answer is a view: a plain JSON object with a documented type, which the API sends as
 * it is, and the command line and the status page show. A view changes nothing and has no secret in it.
 */
export class Operations {
  readonly #sources: OperationsSources

  constructor(sources: OperationsSources) {
    this.#sources = sources
  }

  /** What becomes of a request, and why. */
  explain(question: Question): Promise<Explanation> {
    return explain(question, this.#sources)
  }

  /** Whether all is well, and the figures. */
  async overview(): Promise<Overview> {
    return overview(await this.#sources.statusFacts())
  }

  /** A page of the route table. */
  routes(query: RoutesQuery): RoutesView {
    const { table } = this.#sources
    return routesView(table.all(), table.refusals(), query)
  }
}
