import { Agent, request } from 'undici'
import { FatalError } from '../../platform/fatal-error.js'
import { printable, withoutTrailingSlashes } from '../../platform/text.js'
import { inTurns } from '../in-turns.js'
import type { Origin } from '../wire/socket.js'
import { throwIfEnded } from './ended.js'

/** Calls at a time: it is the hub that is rehearsed, but not yet. */
const AT_ONCE = 10

const LIMIT_MS = 60_000

/** How long the hub may take to stop a server, and how often is looked. */
const STOP = { looks: 60, everyMs: 1_000 } as const

type Method = 'GET' | 'POST' | 'DELETE'

/** JupyterHub's REST API, as an administrator: makes users for a rehearsal, and removes them. */
export class HubApi {
  readonly #base: string
  readonly #token: string
  readonly #agent: Agent
  /** Those that did not exist before. */
  readonly #made: string[] = []
  /** Those, and the others that are used. */
  readonly #used: string[] = []

  /** @param origin where it was found: nobody else gets the token */
  constructor(url: string, token: string, { address }: Origin) {
    this.#base = `${withoutTrailingSlashes(url)}/hub/api`
    this.#token = token
    const family = address.includes(':') ? 6 : 4
    this.#agent = new Agent({
      connections: AT_ONCE,
      connect: { lookup: (_name, _options, callback) => callback(null, [{ address, family }]) },
    })
  }

  /**
   * Makes users, unless they exist, and a token for each.
   *
   * @param over ends it, with an error
   * @returns the tokens, in the order of the names
   * @throws FatalError if the hub refuses
   */
  async makeUsers(names: readonly string[], forMs: number, over: AbortSignal): Promise<string[]> {
    const tokens: string[] = []
    await inTurns([...names.entries()], AT_ONCE, async ([at, name]) => {
      throwIfEnded(over)
      if ((await this.#call('POST', `/users/${name}`, [201, 409])).status === 201) this.#made.push(name)
      this.#used.push(name)
      // It outlives the rehearsal by no more than this.
      const asked = { note: 'rehearsal', expires_in: Math.ceil(forMs / 1_000) + 3_600 }
      const { text } = await this.#call('POST', `/users/${name}/tokens`, [201], asked)
      tokens[at] = (JSON.parse(text) as { token: string }).token
    })
    return tokens
  }

  /** Stops the users' servers, and removes those of the users that were made. @returns what could not be removed */
  async removeUsers(): Promise<string[]> {
    const left: string[] = []
    await inTurns(this.#used, AT_ONCE, async (name) => {
      try {
        await this.#stopServers(name)
        if (this.#made.includes(name)) await this.#call('DELETE', `/users/${name}`, [204, 404])
      } catch (error) {
        left.push(`${name}: ${(error as Error).message}`)
      }
    })
    return left
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #stopServers(name: string): Promise<void> {
    for (let look = 0; look < STOP.looks; look += 1) {
      const { status, text } = await this.#call('GET', `/users/${name}`, [200, 404])
      if (status === 404) return
      const servers = Object.keys((JSON.parse(text) as { servers: object }).servers)
      if (servers.length === 0) return
      for (const server of servers) {
        const path = server === '' ? 'server' : `servers/${server}`
        // 400: it is being started or stopped just now.
        await this.#call('DELETE', `/users/${name}/${path}`, [202, 204, 400, 404])
      }
      await new Promise((resolve) => setTimeout(resolve, STOP.everyMs))
    }
    throw new Error('its server does not stop')
  }

  async #call(
    method: Method,
    path: string,
    expected: readonly number[],
    body?: object,
  ): Promise<{ status: number; text: string }> {
    const url = this.#base + path
    try {
      const { statusCode: status, body: answer } = await request(url, {
        ...{ method, dispatcher: this.#agent, signal: AbortSignal.timeout(LIMIT_MS) },
        headers: { authorization: `token ${this.#token}`, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      })
      const text = await answer.text()
      if (expected.includes(status)) return { status, text }
      throw new FatalError(refusal(method, url, status, text))
    } catch (error) {
      if (error instanceof FatalError) throw error
      throw new FatalError(`${method} ${url}: ${(error as Error).message}. Does the hub run, and is --hub right?`)
    }
  }
}

function refusal(method: Method, url: string, status: number, text: string): string {
  return `${method} ${url} is answered ${status}.${hintOf(status)} ${printable(text, 300)}`
}

function hintOf(status: number): string {
  if (status === 401 || status === 403) return ' The token in JUPYTERHUB_API_TOKEN must be of an administrator.'
  // What is no hub, or not at this path, knows no such call.
  if (status === 404 || status === 405) return ' Is a JupyterHub there? --hub takes its address, with its base path.'
  return ''
}
