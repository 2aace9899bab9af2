import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { STEADY_AFTER_MS } from '../../src/data-plane/embedded/restart-policy.js'
import { limitFiles } from '../support/full-disk.js'
import type { Home } from '../support/home.js'
import { kill } from '../support/home.js'
import type { Answer } from '../support/http.js'
import { ask } from '../support/http.js'
import { isAlive, killProcess } from '../support/processes.js'
import type { ProxyProcess } from '../support/proxy.js'
import { TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import type { Backends } from './backends.js'
import type { Load } from './load.js'
import { STEADY } from './load.js'
import type { Model } from './model.js'
import type { RouteChange, Step } from './script.js'

/** Data of a route that takes a page of the disk. */
const BULKY = 'x'.repeat(3_000)
/** How soon Envoy is to serve again on a machine that has more to do. */
const OUTAGE_LIMIT_MS = 15_000

/** What may go wrong with a call, and for what reason. */
interface Allowed {
  /** The control plane is killed: no answer. */
  readonly silence?: boolean
  /** Statuses of refusals, which change nothing. */
  readonly refusals?: readonly number[]
  /** Goes with the route. */
  readonly data?: object
}

export interface ChaosOptions {
  readonly home: Home
  readonly proxy: ProxyProcess
  readonly backends: Backends
  readonly model: Model
  readonly load: Load
}

/** Plays the steps of a script as the hub and as what befalls the proxy, and holds the hub's view against the model. */
export class Chaos {
  readonly #home: Home
  readonly #backends: Backends
  readonly #model: Model
  readonly #load: Load
  #proxy: ProxyProcess
  #servesSince = performance.now()
  readonly violations: string[] = []
  /** How often each answer came to a call. */
  readonly answers = new Map<string, number>()
  /** How long Envoy was away each time it was killed, in milliseconds. */
  readonly outages: number[] = []

  constructor({ home, proxy, backends, model, load }: ChaosOptions) {
    this.#home = home
    this.#proxy = proxy
    this.#backends = backends
    this.#model = model
    this.#load = load
  }

  async play(step: Step): Promise<void> {
    await this.#play(step)
    await this.settle()
    if (step.kind !== 'one change') await this.checkTable()
  }

  async #play({ kind, changes, after, room }: Step): Promise<void> {
    switch (kind) {
      case 'one change':
      case 'many changes':
        return this.#all(changes, {})
      case 'control plane killed':
        await this.#all(changes, { silence: true }, after, () => this.#proxy.child.kill('SIGKILL'))
        return this.#startAgain()
      case 'Envoy killed':
        return this.#withoutEnvoy((killEnvoy) => this.#all(changes, {}, after, killEnvoy))
      case 'both killed':
        return this.#withoutEnvoy(async (killEnvoy) => {
          await this.#all(changes, { silence: true }, after, () => this.#proxy.child.kill('SIGKILL'))
          killEnvoy()
          await this.#startAgain()
        })
      case 'disk full': {
        const { size } = await stat(join(this.#home.stateDir, 'routes.mdb'))
        await limitFiles(this.#proxy.child.pid, size + room)
        await this.#all(changes, { refusals: [507], data: { bulky: BULKY } })
        return limitFiles(this.#proxy.child.pid, 'unlimited')
      }
    }
  }

  /**
   * Asks for all changes at once.
   *
   * @param after after how many answers to do something; at the latest when there are no more
   */
  async #all(changes: readonly RouteChange[], allowed: Allowed, after = 0, act?: () => void): Promise<void> {
    let answers = 0
    const actOnce = () => {
      act?.()
      act = undefined
    }
    const calls = changes.map(async (change) => {
      await this.#change(change, allowed)
      answers += 1
      if (answers > after) actOnce()
    })
    await Promise.all(calls)
    actOnce()
  }

  async #change({ routespec, target }: RouteChange, { silence, refusals = [], data }: Allowed): Promise<void> {
    // What isn't there can be removed once more, which is answered 404.
    const removed = this.#model.possible(routespec).has(undefined) ? [204, 404] : [204]
    const pending = this.#model.change(routespec, target)
    const [method, successes] = target === undefined ? ['DELETE', removed] : ['POST', [201]]
    const body = target === undefined ? undefined : { target: this.#backends.url(target), ...data }
    const answer = await this.#call(method, routespec, body).catch((error: Error) => error)
    const result = answer instanceof Error ? 'none' : String(answer.status)
    this.answers.set(result, (this.answers.get(result) ?? 0) + 1)
    if (answer instanceof Error) {
      if (!silence) this.violations.push(`${method} ${routespec} ${target}: ${answer.message}`)
    } else if (successes.includes(answer.status)) {
      pending.done()
      this.#load.visit(routespec)
    } else {
      pending.undone()
      if (!refusals.includes(answer.status))
        this.violations.push(`${method} ${routespec} ${target}: ${answer.status} ${answer.body}`)
    }
  }

  #call(method: string, routespec: string, body?: object): Promise<Answer> {
    const headers = { authorization: `token ${TOKEN}` }
    const path = `/api/routes${routespec}`
    return ask(this.#proxy.apiPort, path, { method, headers }, body === undefined ? undefined : JSON.stringify(body))
  }

  async #startAgain(): Promise<void> {
    await kill(this.#proxy)
    this.#proxy = await this.#home.start()
  }

  /** Envoys that keep ending soon after their start would end the proxy, so each gets the time not to be one of them. */
  async #withoutEnvoy(act: (killEnvoy: () => void) => Promise<void>): Promise<void> {
    const isSteady = () => performance.now() - this.#servesSince > STEADY_AFTER_MS
    await eventually(isSteady, 'Envoy counts as one that lives')
    const pid = await this.#proxy.envoyPid()
    this.#load.outageBegins()
    let back: Promise<void> | undefined
    await act(() => {
      killProcess(pid)
      back = this.#servesAgain(pid, performance.now())
    })
    await back
    await this.#load.outageEnds()
  }

  async #servesAgain(killed: number, killedAt: number): Promise<void> {
    await eventually(() => !isAlive(killed), 'the killed Envoy is gone')
    const serves = async () => (await ask(this.#proxy.port, STEADY).catch(() => undefined))?.status === 200
    await eventually(serves, 'Envoy serves again', OUTAGE_LIMIT_MS)
    this.#servesSince = performance.now()
    this.outages.push(this.#servesSince - killedAt)
  }

  /** Does what the hub does with a change that it got no answer to: asks for it again, as what it is now. */
  async settle(): Promise<void> {
    for (const routespec of this.#model.state().unknown) {
      const [target] = [...this.#model.possible(routespec)].reverse()
      await this.#change({ routespec, target }, {})
    }
  }

  /** The hub sees exactly what it was told is so. */
  async checkTable(): Promise<void> {
    const { body } = await this.#call('GET', '')
    const routes = Object.entries(JSON.parse(body) as Record<string, { target: string }>)
    const seen = new Map(routes.map(([routespec, { target }]) => [routespec, this.#backends.nameOf(target) ?? target]))
    for (const [routespec, target] of this.#model.state().known) {
      if (seen.get(routespec) !== target)
        this.violations.push(`GET: ${routespec} leads to ${seen.get(routespec)}, not to ${target}`)
      seen.delete(routespec)
    }
    for (const [routespec, target] of seen) this.violations.push(`GET: ${routespec} to ${target} was never added`)
  }
}
