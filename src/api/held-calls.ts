import type { Api } from './api.js'
import { plain } from './call.js'

/**
 * Holds calls back until they can be answered. A start opens the port of the API before that, to know whether it is free
 * before an Envoy is told anything.
 */
export class HeldCalls {
  #settle: (isBegun: boolean) => void = () => {}
  readonly #begun = new Promise<boolean>((resolve) => {
    this.#settle = resolve
  })

  /** The same API, whose answers wait for {@link begin}. */
  hold(api: Api): Api {
    return async (call, mayUse) => ((await this.#begun) ? api(call, mayUse) : plain(503, 'The proxy has not started'))
  }

  begin(): void {
    this.#settle(true)
  }

  /** The start has failed, if this comes first. */
  giveUp(): void {
    this.#settle(false)
  }
}
