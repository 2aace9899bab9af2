import type { Client, ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import { Metadata } from '@grpc/grpc-js'
import type { PlainLog } from '../../platform/log.js'
import type { EtcdConnection } from './endpoints.js'
import { Endpoints } from './endpoints.js'
import { EtcdAwayError, EtcdError, EtcdTokenError, errorOf } from './errors.js'
import type { Method } from './rpc.js'
import { RPC } from './rpc.js'

/** How long a call may take, at all endpoints together. The hub waits for it, and asks again after a 503. */
export const CALL_LIMIT_MS = 1_800

/** How long one endpoint of several may take. */
const ENDPOINT_LIMIT_MS = 800

/** When a call has to end, by `performance.now()`. */
export type Deadline = number

export function deadlineIn(limitMs: number): Deadline {
  return performance.now() + limitMs
}

/** Calls etcd. Every call has a deadline, and goes to the endpoint that answered last. */
export class EtcdClient {
  readonly #endpoints: Endpoints
  readonly #user: EtcdConnection['user']
  #token: Promise<string> | undefined

  constructor(connection: EtcdConnection, log: PlainLog) {
    this.#endpoints = new Endpoints(connection, log)
    this.#user = connection.user
  }

  /** How many endpoints may have to be asked. */
  get endpoints(): number {
    return this.#endpoints.size
  }

  /**
   * Makes a call that may be carried out more than once: each endpoint is asked until one answers.
   *
   * @throws EtcdError, EtcdAwayError
   */
  call<Request, Answer>(
    method: Method<Request, Answer>,
    request: Request,
    until = deadlineIn(CALL_LIMIT_MS),
  ): Promise<Answer> {
    return this.#anywhere(until, () => this.once(method, request, until))
  }

  /** The same for a method with streams: one request, one answer. */
  exchange<Request, Answer>(method: Method<Request, Answer>, request: Request, until: Deadline): Promise<Answer> {
    return this.#anywhere(until, () =>
      this.#attempt(until, (client, metadata, limitMs) => exchanged(client, method, request, metadata, limitMs)),
    )
  }

  async #anywhere<T>(until: Deadline, attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof EtcdAwayError) || tries >= this.endpoints || performance.now() >= until) throw error
      }
    }
  }

  /**
   * Makes a call at one endpoint. If that is away, the next call goes to the next one.
   *
   * @throws EtcdError, EtcdAwayError
   */
  once<Request, Answer>(method: Method<Request, Answer>, request: Request, until: Deadline): Promise<Answer> {
    return this.#attempt(until, (client, metadata, limitMs) => unary(client, method, request, metadata, limitMs))
  }

  /**
   * Opens a stream and uses it until the task ends. If it ends with an EtcdAwayError, the next call goes to the next
   * endpoint. The task is run once.
   *
   * @throws EtcdError, EtcdAwayError
   */
  async stream<Request, Answer>(
    method: Method<Request, Answer>,
    task: (stream: ClientDuplexStream<Request, Answer>) => Promise<void>,
  ): Promise<void> {
    await this.#attempt(deadlineIn(CALL_LIMIT_MS), async (client, metadata) => {
      // Without a leader there are no events: the stream is to end then.
      metadata.set('hasleader', 'true')
      const stream = streamOf(client, method, metadata, undefined)
      try {
        await task(stream)
      } catch (error) {
        if (!(error instanceof EtcdTokenError)) throw error
        this.#token = undefined
        throw new EtcdError(error.message)
      } finally {
        stream.on('error', () => {})
        stream.cancel()
      }
    })
  }

  close(): void {
    this.#endpoints.close()
  }

  async #attempt<T>(
    until: Deadline,
    task: (client: Client, metadata: Metadata, limitMs: number) => Promise<T>,
  ): Promise<T> {
    const { client } = this.#endpoints
    const end = this.endpoints === 1 ? until : Math.min(until, deadlineIn(ENDPOINT_LIMIT_MS))
    const run = async () => {
      const limitMs = () => Math.max(1, Math.round(end - performance.now()))
      const metadata = new Metadata()
      const token = await this.#authenticate(client, limitMs())
      if (token !== '') metadata.set('token', token)
      return task(client, metadata, limitMs())
    }
    try {
      try {
        return await run()
      } catch (error) {
        if (!(error instanceof EtcdTokenError) || this.#user === undefined) throw error
        this.#token = undefined
        return await run()
      }
    } catch (error) {
      if (error instanceof EtcdAwayError) this.#endpoints.leave(client)
      throw error
    }
  }

  /** @returns the token of the user; empty if there is no user, or etcd has no authentication */
  async #authenticate(client: Client, limitMs: number): Promise<string> {
    if (this.#user === undefined) return ''
    this.#token ??= unary(client, RPC.authenticate, this.#user, new Metadata(), limitMs).then(
      ({ token }) => token,
      (error: Error) => {
        if (/authentication is not enabled/.test(error.message)) return ''
        this.#token = undefined
        throw error
      },
    )
    return this.#token
  }
}

function unary<Request, Answer>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: Method<Request, Answer>,
  request: Request,
  metadata: Metadata,
  limitMs: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + limitMs }
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, (error, answer) =>
      error === null && answer !== undefined ? resolve(answer) : reject(errorOf(error as ServiceError, limitMs)),
    )
  })
}

async function exchanged<Request, Answer>(
  client: Client,
  method: Method<Request, Answer>,
  request: Request,
  metadata: Metadata,
  limitMs: number,
): Promise<Answer> {
  const stream = streamOf(client, method, metadata, limitMs)
  try {
    stream.write(request)
    return await new Promise<Answer>((resolve, reject) => {
      stream.once('data', resolve)
      stream.once('error', (error: ServiceError) => reject(errorOf(error, limitMs)))
      stream.once('end', () => reject(new EtcdAwayError('it ended the stream')))
    })
  } finally {
    // What comes after the answer is of no interest, such as that it was cancelled.
    stream.on('error', () => {})
    stream.cancel()
  }
}

function streamOf<Request, Answer>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: Method<Request, Answer>,
  metadata: Metadata,
  limitMs: number | undefined,
): ClientDuplexStream<Request, Answer> {
  const options = limitMs === undefined ? {} : { deadline: Date.now() + limitMs }
  return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, options)
}
