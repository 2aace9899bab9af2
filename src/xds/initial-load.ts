/**
 * What an Envoy must have answered before it gets resources of other types that refer to these: all that existed when
 * it subscribed. A new Envoy doesn't listen before that, so changes don't wait for it. Callers may have got their
 * answers without it, so it must answer for these changes as well: the second part of its load.
 */
export class InitialLoad {
  #unanswered: Set<string>
  #isFirstPart: boolean

  /** @param isNew whether Envoy has just started and has nothing yet */
  constructor(names: Iterable<string>, isNew: boolean) {
    this.#unanswered = new Set(names)
    this.#isFirstPart = isNew && this.#unanswered.size > 0
  }

  /** Whether Envoy is new and has not yet answered for what existed when it subscribed. */
  get isFirstPart(): boolean {
    return this.#isFirstPart
  }

  get isComplete(): boolean {
    return !this.#isFirstPart && this.#unanswered.size === 0
  }

  /**
   * Called when Envoy has answered for these. Returns whether that ends the first part; {@link addPart} must follow.
   */
  answered(names: Iterable<string>): boolean {
    for (const name of names) this.#unanswered.delete(name)
    return this.#isFirstPart && this.#unanswered.size === 0
  }

  /** Starts the second part: what changed during the first. */
  addPart(names: Iterable<string>): void {
    this.#isFirstPart = false
    this.#unanswered = new Set(names)
  }
}
