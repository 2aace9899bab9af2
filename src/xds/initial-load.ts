/**
 * What an Envoy must have answered before it gets resources of other types that refer to these: all there was when it
 * subscribed. One that has just started doesn't listen before that, so changes don't wait for it. They may have been
 * answered to callers without it, so it must answer for these as well: the second part of its load.
 */
export class InitialLoad {
  #unanswered: Set<string>
  #isFirstPart: boolean

  /** @param isNew whether Envoy has just started and has nothing yet */
  constructor(names: Iterable<string>, isNew: boolean) {
    this.#unanswered = new Set(names)
    this.#isFirstPart = isNew && this.#unanswered.size > 0
  }

  /** Whether Envoy has just started and is still being told what there was. */
  get isFirstPart(): boolean {
    return this.#isFirstPart
  }

  get isComplete(): boolean {
    return !this.#isFirstPart && this.#unanswered.size === 0
  }

  /** Envoy has answered for these. Returns whether that has ended the first part; {@link addPart} must follow. */
  answered(names: Iterable<string>): boolean {
    for (const name of names) this.#unanswered.delete(name)
    return this.#isFirstPart && this.#unanswered.size === 0
  }

  /** What changed during the first part. */
  addPart(names: Iterable<string>): void {
    this.#isFirstPart = false
    this.#unanswered = new Set(names)
  }
}
