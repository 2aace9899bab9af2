import type { Dispatcher } from 'undici'
import { Agent, buildConnector, errors } from 'undici'
import type { Account } from './account.js'

/** The API answered with an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The API gave no answer, or said that it can't serve now. The call may have been carried out. */
export class ApiAwayError extends Error {
  override readonly name = 'ApiAwayError'
}

/** How many calls are made at a time. */
export const CONNECTIONS = 16

const UNAUTHORIZED = 401

/** Kubernetes writes a new token into the pod before the old one ends. */
const NO_TOKEN =
  ": it does not know the token of the pod's ServiceAccount. Start the pod again, so that it gets another"

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** How long it may take, if that is another time than the client's. */
  readonly limitMs?: number
}

/** Calls the Kubernetes API with JSON. Whoever calls decides what is tried again. */
export class KubernetesClient {
  readonly #account: Account
  readonly #agent: Agent
  readonly #limitMs: number

  /** @param limitMs how long a call may take */
  constructor(account: Account, limitMs: number) {
    this.#account = account
    this.#limitMs = limitMs
    // One more for the watch, which never ends.
    this.#agent = new Agent({ connections: CONNECTIONS + 1, connect: connectorFor(account, limitMs) })
  }

  /** @throws ApiError, ApiAwayError */
  async call(call: Call): Promise<unknown> {
    const { limitMs = this.#limitMs } = call
    return this.#orAway(async () => {
      const answer = await this.#request(call, AbortSignal.timeout(limitMs))
      return answer.body.json()
    }, limitMs)
  }

  /**
   * Opens a watch. Each line of what it returns is an event; reading them may throw ApiAwayError.
   *
   * @param silenceMs how long it may send nothing
   * @throws ApiError, ApiAwayError
   */
  async watch(call: Omit<Call, 'method'>, signal: AbortSignal, silenceMs: number): Promise<AsyncIterable<string>> {
    const answer = await this.#orAway(() => this.#request({ ...call, method: 'GET' }, signal, silenceMs))
    return this.#lines(answer.body.setEncoding('utf8'))
  }

  async *#lines(stream: AsyncIterable<string>): AsyncGenerator<string> {
    const chunks = stream[Symbol.asyncIterator]()
    let rest = ''
    while (true) {
      const { done, value } = await this.#orAway(() => chunks.next())
      if (done) return
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #request(call: Call, signal: AbortSignal, bodyTimeout = 0): Promise<Dispatcher.ResponseData> {
    const answer = await this.#agent.request({
      origin: this.#account.server,
      ...{ path: call.path, method: call.method, query: call.query ?? {} },
      headers: {
        authorization: `Bearer ${await this.#account.token()}`,
        accept: 'application/json',
        'content-type': 'application/json',
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      ...{ signal, bodyTimeout, headersTimeout: call.limitMs ?? this.#limitMs },
    })
    if (answer.statusCode < 300) return answer
    const { message } = (await answer.body.json().catch(() => ({}))) as { message?: string }
    const words = `${message ?? `status ${answer.statusCode}`}${answer.statusCode === UNAUTHORIZED ? NO_TOKEN : ''}`
    throw isTemporary(answer.statusCode) ? new ApiAwayError(words) : new ApiError(answer.statusCode, words)
  }

  async #orAway<T>(task: () => Promise<T>, limitMs = this.#limitMs): Promise<T> {
    try {
      return await task()
    } catch (error) {
      if (error instanceof ApiError || error instanceof ApiAwayError) throw error
      throw new ApiAwayError(reasonOf(error as Error, limitMs))
    }
  }
}

/** Each new connection trusts the authority as it is then. Those that are open stay. */
function connectorFor(account: Account, timeout: number): buildConnector.connector {
  let known: { readonly authority: string; readonly connect: buildConnector.connector } | undefined
  const open: (...call: Parameters<buildConnector.connector>) => Promise<void> = async (options, callback) => {
    const authority = await account.authority()
    if (known?.authority !== authority) known = { authority, connect: buildConnector({ ca: authority, timeout }) }
    known.connect(options, callback)
  }
  return (options, callback) => {
    open(options, callback).catch((error: Error) => callback(error, null))
  }
}

/** 429 and 5xx: the API server protects itself, starts, or has lost its own store. */
function isTemporary(status: number): boolean {
  return status === 429 || status >= 500
}

function reasonOf(error: Error, limitMs: number): string {
  const late = error.name === 'TimeoutError' || error instanceof errors.HeadersTimeoutError
  return late ? `no answer within ${limitMs / 1_000} s` : error.message
}
