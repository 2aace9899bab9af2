import type { Logger } from '../src/platform/log.js'

const silent = () => {}
export const SILENT: Logger = { debug: silent, info: silent, warn: silent, error: silent, child: () => SILENT }

/** What undoes what a measurement has started. */
export class Cleanup {
  readonly #steps: Array<() => unknown> = []

  teardown(step: () => unknown): void {
    this.#steps.push(step)
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step()
  }
}
