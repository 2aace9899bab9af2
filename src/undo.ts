/** How the proxy ends: after requests under way, at once, or without Envoy, which goes on. */
export type Ending = 'drain' | 'at once' | 'release'

/** What undoes each step of a start, in the order of the steps. */
export class Undo {
  readonly #steps: Array<(how: Ending) => unknown> = []

  push(step: (how: Ending) => unknown): void {
    this.#steps.push(step)
  }

  /** Undoes the last step first. What another call has begun with is not done twice. */
  async run(how: Ending): Promise<void> {
    for (let undo = this.#steps.pop(); undo !== undefined; undo = this.#steps.pop()) await undo(how)
  }
}
