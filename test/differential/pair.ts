import { setTimeout as delay } from 'node:timers/promises'
import { TOKEN } from '../support/proxy.js'
import { ApiClient } from './api-client.js'
import type { Case, Setup } from './case.js'
import { Contender } from './contender.js'
import type { Heard, Observation } from './observation.js'
import { metricNames, observedRequest } from './observation.js'
import { fill } from './surroundings.js'
import { Talk } from './talk.js'

/** How long a backend may take to learn that a request has ended, in whatever way. */
const SETTLE_MS = 3_000

/** For the one of the two that never goes on, after the other is done. */
const GRACE_MS = 1_000

/** CHP and this, started the same way. */
export class Pair {
  readonly #sides: readonly [Side, Side]

  private constructor(chp: Side, here: Side) {
    this.#sides = [chp, here]
  }

  static async start(setup: Setup, certs: string): Promise<Pair> {
    const started = await Promise.allSettled([Side.start('CHP', setup, certs), Side.start('here', setup, certs)])
    const [chp, here] = started
    if (chp.status === 'fulfilled' && here.status === 'fulfilled') return new Pair(chp.value, here.value)
    await Promise.all(started.map((side) => side.status === 'fulfilled' && side.value.stop()))
    throw started.find((side) => side.status === 'rejected')?.reason
  }

  /**
   * Has both do the same at the same time.
   *
   * @throws with what a process printed, if it ended or can't be told to go on
   */
  async run(one: Case): Promise<{ chp: Observation; here: Observation }> {
    let done = () => {}
    const oneIsDone = new Promise<void>((resolve) => {
      done = resolve
    }).then(() => delay(GRACE_MS))
    const never = new Promise(() => {})
    const [chp, here] = await Promise.all(
      this.#sides.map((side) => side.run(one, done, one.oneHangs ? oneIsDone : never)),
    )
    return { chp: chp as Observation, here: here as Observation }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sides.map((side) => side.stop()))
  }
}

/** One of the two, and what its table was at first. */
class Side {
  readonly #contender: Contender
  readonly #setup: Setup
  readonly #certs: string
  readonly #api: ApiClient
  readonly #before: Awaited<ReturnType<ApiClient['table']>>

  private constructor(
    contender: Contender,
    setup: Setup,
    certs: string,
    api: ApiClient,
    before: Awaited<ReturnType<ApiClient['table']>>,
  ) {
    this.#contender = contender
    this.#setup = setup
    this.#certs = certs
    this.#api = api
    this.#before = before
  }

  static async start(name: 'CHP' | 'here', setup: Setup, certs: string): Promise<Side> {
    const contender = await Contender.start(name, setup, certs)
    const options = setup.options ?? []
    const secure = options.includes('--api-ssl-cert')
    const api = new ApiClient(contender.addressOf('api', options), TOKEN, secure ? certs : undefined)
    try {
      return new Side(contender, setup, certs, api, await api.table())
    } catch (error) {
      await contender.stop()
      throw error
    }
  }

  stop(): Promise<void> {
    return this.#contender.stop()
  }

  async run(one: Case, done: () => void, tooLate: Promise<unknown>): Promise<Observation> {
    const printed = this.#contender.output.length
    try {
      return await this.#run(one, done, tooLate)
    } catch (error) {
      const { name, output, running } = this.#contender
      const state = running ? 'still runs' : 'has ended'
      throw new Error(`${name} (${state}): ${(error as Error).message}; it printed:\n${output.slice(printed)}`)
    }
  }

  async #run(one: Case, done: () => void, tooLate: Promise<unknown>): Promise<Observation> {
    const { names, backends } = this.#contender
    const filled = <T>(data: T): T => JSON.parse(fill(JSON.stringify(data), names)) as T
    for (const [name, backend] of backends) {
      backend.seen = []
      backend.behaviour = filled(one.backends?.[name] ?? {})
    }
    for (const [routespec, route] of Object.entries(one.routes ?? {})) {
      const body = typeof route === 'string' ? { target: route } : route
      await this.#api.put(routespec, filled(body))
    }
    const seen = () => [...backends.values()].flatMap((backend) => backend.seen)
    const anonymous = (text: string) => withoutTimes(this.#contender.anonymous(text))
    const talk = new Talk(
      {
        api: this.#api,
        certs: this.#certs,
        addressOf: (listener) => this.#contender.addressOf(listener, this.#setup.options ?? []),
        fill: (text) => fill(text, names),
        anonymous,
        bodyBytes: () => seen().at(-1)?.body.length ?? 0,
      },
      one.limitMs,
      tooLate,
    )
    try {
      await talk.run(one.talk)
    } finally {
      done()
      talk.close()
    }
    const deadline = performance.now() + SETTLE_MS
    while (seen().some(({ settled }) => !settled) && performance.now() < deadline) await delay(2)
    const heard = one.body === 'metric names' ? talk.heard.map(withMetricNames) : talk.heard
    const observation = { heard, seen: seen().map((request) => observedRequest(request, anonymous)) }
    await this.#api.restore(this.#before)
    if (!this.#contender.running) throw new Error('it ended')
    return observation
  }
}

function withMetricNames(heard: Heard): Heard {
  return 'answer' in heard ? { ...heard, answer: { ...heard.answer, body: metricNames(heard.answer.body) } } : heard
}

/** Puts a name in the place of every timestamp of the API. */
function withoutTimes(text: string): string {
  return text.replace(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, '"{time}"')
}
