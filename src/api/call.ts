import type { IncomingHttpHeaders } from 'node:http'

/** A request to the REST API. */
export interface ApiCall {
  readonly method: string
  /** As it was sent, with the query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Reads the body, of at most 1 MiB unless a lower limit is given. @throws BodyTooLargeError, BodyIncompleteError */
  readonly body: (limit?: number) => Promise<string>
}

/** What a call is answered with. */
export interface Answer {
  readonly status: number
  /** The content type; undefined for an empty body. */
  readonly type?: string
  /** An iterable is sent piece by piece, as fast as the client reads it. */
  readonly body?: string | AsyncIterable<string>
  readonly headers?: Readonly<Record<string, string>>
  /** Whether the sender has shown in another way than by the token in its request that it may use the API. */
  readonly admitted?: boolean
}

export type Handler = (call: ApiCall) => Answer | Promise<Answer>

/** A part of the API: what is served at some paths. */
export interface Endpoint {
  /** Called with a request's path as it was sent, without the query. */
  readonly matches: (path: string) => boolean
  /** Whether a request must carry the token. */
  readonly needsToken: boolean
  /** Undefined for a method that isn't served there. */
  readonly handler: (method: string) => Handler | undefined
}

/** The path of a request, as it was sent. */
export function pathOf({ url }: Pick<ApiCall, 'url'>): string {
  return url.split(/[?#]/, 1)[0] ?? ''
}

/** An answer that is a sentence. */
export function plain(status: number, body: string): Answer {
  return { status, type: 'text/plain', body }
}

export const JSON_TYPE = 'application/json; charset=utf-8'

/** An answer that is a JSON value. */
export function json(value: unknown): Answer {
  return { status: 200, type: JSON_TYPE, body: JSON.stringify(value) }
}
