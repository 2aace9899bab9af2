import { setTimeout } from 'node:timers/promises'
import type { Answered, RealFleet } from './real-fleet.js'

/** A user at every Envoy, and a hub that adds and removes routes by a Service. */
export class FleetLoad {
  /** What was not answered as it should be. */
  readonly failed: unknown[] = []
  requests = 0
  calls = 0
  /** Calls that the hub has made again, since it was told to. */
  repeated = 0
  readonly #fleet: RealFleet
  #isGoing = true
  #ended: Promise<unknown> = Promise.resolve()

  private constructor(fleet: RealFleet) {
    this.#fleet = fleet
  }

  /**
   * @param path what users ask for, of which each answer is of the backend with this name
   * @param target of the hub's routes
   */
  static start(fleet: RealFleet, path: string, name: string, target: string): FleetLoad {
    const load = new FleetLoad(fleet)
    load.#ended = Promise.all([load.#users(path, name), load.#hub(target)])
    return load
  }

  async stop(): Promise<void> {
    this.#isGoing = false
    await this.#ended
  }

  async #users(path: string, name: string): Promise<void> {
    while (this.#isGoing) {
      const seen = await this.#fleet.answers(path)
      this.requests += seen.length
      if (seen.some((answer) => answer !== name)) this.failed.push(seen)
    }
  }

  async #hub(target: string): Promise<void> {
    for (let index = 0; this.#isGoing; index += 1) {
      await this.#call('POST', `/user/r${index}`, 201, { target })
      await this.#call('DELETE', `/user/r${index}`, 204)
    }
  }

  async #call(method: string, path: string, status: number, body?: object): Promise<void> {
    const ask = () => this.#fleet.callService(method, path, body).catch((error: Error) => error)
    let answer: Answered | Error = await ask()
    // As a hub does. A control plane that gets no processor for a second loses its place, and says so.
    if ('status' in answer && answer.status === 503 && Number(answer.retryAfter) > 0) {
      this.repeated += 1
      await setTimeout(Number(answer.retryAfter) * 1_000)
      answer = await ask()
    }
    this.calls += 1
    if (!('status' in answer) || answer.status !== status) this.failed.push({ method, path, answer })
  }
}
