import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { TOKEN } from '../../test/support/proxy.js'
import type { State } from './hot-route.js'
import { HotRoute } from './hot-route.js'
import type { Part } from './part.js'
import type { Tally } from './tally.js'

/** An Envoy, and a control plane, with where they are asked. */
export interface Asked {
  readonly part: Part
  readonly url: string
}

export interface TrafficOptions {
  readonly members: readonly Asked[]
  readonly envoys: readonly Asked[]
  /** The URL of a target that answers with this name. */
  readonly target: (name: string) => string
  readonly tally: Tally
  /** What is going on, for the report. */
  readonly during: () => string
}

/** How many routes are changed, and how many calls may be under way. */
const ROUTES = 2_000
const MOST = 300
/** How long the hub waits for an answer; docs/fleet.md: one call takes 5 s at most. */
const PATIENCE_MS = 6_000
/** How long an Envoy that was frozen or cut off may be wrong, after that is over. */
const GRACE_MS = 3_000
/** How long a user waits for an answer: this machine may be busy. */
const ANSWER_MS = 10_000
/** Which share of the writes remove a route. */
const REMOVALS = 1 / 3
const NO_ANSWER = 'no answer'
/** What requests are answered with that no route takes. */
const NO_ROUTE = 'hub'

/** Hubs that change routes at random control planes, and users that look at every Envoy. */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #agent = new Agent({ connections: 64, pipelining: 1 })
  readonly #routes = new Map<string, HotRoute>()
  #writes = 0
  #isOver = false
  #underWay = 0

  constructor(options: TrafficOptions) {
    this.#options = options
    for (let index = 0; index < ROUTES; index += 1) {
      this.#routes.set(`/user/hot${index}`, new HotRoute())
    }
  }

  /** Writes at a steady rate, each to a random control plane. */
  async write(perSecond: number): Promise<void> {
    const begun = performance.now()
    const paths = [...this.#routes.keys()]
    for (let count = 0; !this.#isOver; count += 1) {
      const due = begun + (count * 1000) / perSecond
      if (due > performance.now()) await delay(due - performance.now())
      const path = paths[Math.floor(Math.random() * paths.length)] as string
      if (this.#underWay < MOST && this.#routes.get(path)?.isBusy === false) void this.#change(path)
    }
    while (this.#underWay > 0) await delay(50)
  }

  async #change(path: string): Promise<void> {
    const { members, tally, during } = this.#options
    const route = this.#routes.get(path)
    const member = members[Math.floor(Math.random() * members.length)]
    if (route === undefined || member === undefined) return
    this.#writes += 1
    // No two writes have the same target: an answer tells which write it is of.
    const next = Math.random() < REMOVALS ? undefined : `w${this.#writes}`
    route.isBusy = true
    this.#underWay += 1
    const begun = performance.now()
    const write = route.begin(next, member.part, begun)
    const status = await this.api(member, path, next)
    if (status === 201 || status === 204 || (next === undefined && status === 404)) {
      tally.answered += 1
      tally.took(performance.now() - begun, `${during()}, at ${member.part.name}`)
      route.answered(write)
      await Promise.all(this.#options.envoys.map((envoy) => this.#look(envoy, path, route, member)))
    } else {
      tally.unanswered += 1
      if (status === 0) route.unanswered(write)
    }
    this.#underWay -= 1
    route.isBusy = false
  }

  /** @returns the status; 0 without an answer */
  async api({ url }: Asked, path: string, target: State): Promise<number> {
    const answer = request(`${url}/api/routes${path}`, {
      method: target === undefined ? 'DELETE' : 'POST',
      headers: { authorization: `token ${TOKEN}` },
      body: target === undefined ? null : JSON.stringify({ target: this.#options.target(target) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    return answer.then(
      async ({ statusCode, body }) => {
        await body.dump()
        return statusCode
      },
      () => 0,
    )
  }

  /** Whether an Envoy's answers count: not if it is frozen or cut off, or was a moment ago. */
  #counts({ part }: Asked): boolean {
    return part.trouble === undefined && performance.now() - part.wellSince > GRACE_MS
  }

  async #look(envoy: Asked, path: string, route: HotRoute, member: Asked): Promise<void> {
    const { tally, during } = this.#options
    if (!this.#counts(envoy)) return
    const when = during()
    const seen = await this.#ask(envoy, `${path}/x`)
    // It may have been killed or cut off meanwhile.
    if (!this.#counts(envoy)) return
    tally.checks += 1
    if (seen.startsWith(NO_ANSWER)) {
      tally.silent += 1
      return
    }
    const expected = route.last ?? NO_ROUTE
    if (seen === expected) return
    if (route.allowed.some((name) => seen === (name ?? NO_ROUTE))) {
      tally.late += 1
      return
    }
    const text = `${path} at ${envoy.part.name}: ${seen}, not ${expected}, answered by ${member.part.name}`
    tally.wrong.push(`${new Date().toISOString()}: ${text} (${when})`)
  }

  /** What answers a request, by its name, or a status, or why there is no answer. */
  async #ask({ url }: Asked, path: string): Promise<string> {
    const answer = request(`${url}${path}`, { dispatcher: this.#agent, signal: AbortSignal.timeout(ANSWER_MS) })
    return answer.then(
      async ({ statusCode, body }) => {
        const text = await body.text()
        return statusCode === 200 ? (JSON.parse(text) as { name: string }).name : String(statusCode)
      },
      (error: Error) => `${NO_ANSWER}: ${error.message}`,
    )
  }

  /** A user at each Envoy, whose route never changes. */
  async use(path: string, expected: string): Promise<void> {
    await Promise.all(this.#options.envoys.map((envoy) => this.#useOne(envoy, path, expected)))
  }

  async #useOne(envoy: Asked, path: string, expected: string): Promise<void> {
    const { tally, during } = this.#options
    while (!this.#isOver) {
      if (this.#counts(envoy)) {
        const seen = await this.#ask(envoy, path)
        if (this.#counts(envoy)) {
          tally.requests += 1
          if (seen !== expected) tally.failed.push(`${path} at ${envoy.part.name}: ${seen} (${during()})`)
        }
      }
      await delay(20)
    }
  }

  end(): void {
    this.#isOver = true
  }

  /** All is well again: every control plane and every Envoy must have what was answered, or what was asked for since. */
  async compare(): Promise<void> {
    const { members, envoys, tally } = this.#options
    const tables = await Promise.all(
      members.map(async ({ url }) => {
        const { body } = await request(`${url}/api/routes`, { headers: { authorization: `token ${TOKEN}` } })
        return (await body.json()) as Record<string, { target: string }>
      }),
    )
    for (const [path, route] of this.#routes) {
      const allowed = route.possible
      for (const [index, table] of tables.entries()) {
        const target = table[path]?.target
        const isRight = allowed.some((name) => target === (name && this.#options.target(name)))
        if (!isRight) tally.lost.push(`${path} at ${members[index]?.part.name}: ${target}, not ${route.last}`)
      }
      const seen = await Promise.all(envoys.map((envoy) => this.#ask(envoy, `${path}/x`)))
      for (const [index, name] of seen.entries()) {
        const isRight = allowed.some((one) => (one ?? NO_ROUTE) === name)
        if (!isRight) tally.lost.push(`${path} at ${envoys[index]?.part.name}: ${name}, not ${route.last}`)
      }
      if (new Set(seen).size > 1) tally.lost.push(`${path} differs between Envoys: ${seen}`)
    }
  }
}
