import type { Clock } from '../platform/clock.js'
import type { PlainLog } from '../platform/log.js'
import { LoggedReasons } from '../platform/logged-reasons.js'

/** What a control plane asks of the store, to follow "can't". */
const QUESTIONS = {
  list: 'ask who else there is',
  renew: 'renew its lease',
  join: 'join the others',
  load: 'read the routes',
  settle: 'find out what became of a change',
} as const

/** A question that the store is asked again and again. */
export type Question = keyof typeof QUESTIONS

/**
 * What the log has of questions that the store doesn't answer: each new reason, a reminder now and then, and when all are
 * answered again. A store that is away answers none of them, which is one reason.
 */
export class Troubles {
  readonly #log: PlainLog
  readonly #clock: Clock
  readonly #open = new Set<Question>()
  readonly #reasons = new LoggedReasons()

  constructor(log: PlainLog, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  failed(question: Question, reason: string): void {
    this.#open.add(question)
    if (!this.#reasons.isDue(reason, this.#clock.now())) return
    this.#log.warn(`This control plane can't ${QUESTIONS[question]}, will retry: ${reason}`)
  }

  answered(question: Question): void {
    if (!this.#open.delete(question) || this.#open.size > 0) return
    this.#reasons.clear()
    this.#log.info('The store of the routes answers again')
  }
}
