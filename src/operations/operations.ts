import type { ExplainSources } from './explain/explain.js'
import { explain } from './explain/explain.js'
import type { Explanation, Question } from './explain/explanation.js'

/** What the answers are made from: the parts of a running control plane. */
export type OperationsSources = ExplainSources

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
}
