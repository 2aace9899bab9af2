import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from './api-client.js'

/** Sees by the REST API whether routes were active. */
export class ActivityWatch {
  readonly #api: ApiClient
  readonly #remembered = new Map<string, string>()

  constructor(api: ApiClient) {
    this.#api = api
  }

  /** Notes when the route was last active. */
  async remember(routespec: string): Promise<void> {
    const at = await this.#lastActivity(routespec)
    // What happens from now on has another timestamp.
    while (Date.now() <= Date.parse(at)) await delay(1)
    this.#remembered.set(routespec, at)
  }

  /** Resolves once the route was active since it was remembered. */
  async settled(routespec: string): Promise<void> {
    while (!(await this.hasAdvanced(routespec))) await delay(20)
  }

  /** Whether the route was active since it was remembered. */
  async hasAdvanced(routespec: string): Promise<boolean> {
    return (await this.#lastActivity(routespec)) > (this.#remembered.get(routespec) ?? '')
  }

  async #lastActivity(routespec: string): Promise<string> {
    return (await this.#api.table())[routespec]?.last_activity ?? ''
  }
}
