import type { IncomingMessage } from 'node:http'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { oncePer } from '../model/once.js'
import type { Arrived } from './echo-server.js'
import type { Visit } from './visit.js'

export interface OutsideAnswer {
  readonly status: number
  readonly body: string
  /** This machine's address, as the next hop saw it. */
  readonly own: string
  /** What arrived behind the proxy; undefined if something else answered. */
  readonly arrived: Arrived | undefined
}

const LIMIT_MS = 15_000

export interface OutsideCall {
  readonly method?: string
  readonly body?: Readable
  readonly headers?: Readonly<Record<string, string>>
  /** What is put after the path of the route. */
  readonly suffix?: string
  readonly parameters?: Readonly<Record<string, string>>
  /** Without any byte for so long the request fails. */
  readonly limitMs?: number
}

/** The URL of a call. */
export function urlOf({ url, key }: Visit, { suffix = '', parameters = {} }: OutsideCall = {}): URL {
  const whole = new URL(url.href + suffix)
  for (const [name, value] of Object.entries({ key, ...parameters })) whole.searchParams.set(name, value)
  return whole
}

/**
 * Sends a request through the public URL, on a connection of its own. Certificates are not checked: one check of its own
 * does that, and the others shall find what they can.
 *
 * @throws Error if there is no answer
 */
export function open(visit: Visit, call: OutsideCall = {}): Promise<IncomingMessage> {
  const url = urlOf(visit, call)
  const { method = 'GET', headers = {}, limitMs = LIMIT_MS, body } = call
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const sent = send(url, { method, headers, agent: false, timeout: limitMs, rejectUnauthorized: false }, resolve)
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${limitMs / 1000} s`)))
    // An answer may come before the whole body is sent, with the connection's end.
    sent.on('error', reject)
    if (body === undefined) sent.end()
    else pipeline(body, sent).catch(reject)
  })
}

/** The whole answer. @throws Error if there is none */
export async function ask(visit: Visit, call: OutsideCall = {}): Promise<OutsideAnswer> {
  const response = await open(visit, call)
  const own = response.socket.localAddress?.replace(/^::ffff:/, '') ?? ''
  const body = await text(response)
  const status = response.statusCode ?? 0
  return { status, body, own, arrived: status === 200 ? arrivedIn(body) : undefined }
}

function arrivedIn(body: string): Arrived | undefined {
  try {
    const found = JSON.parse(body) as Partial<Arrived>
    return found.url === undefined || found.headers === undefined ? undefined : (found as Arrived)
  } catch {
    return undefined
  }
}

/** One plain request, whose answer several checks look at. */
export const hello = oncePer((visit: Visit): Promise<OutsideAnswer> => ask(visit))

/** What arrived of the plain request. @throws Error if the public URL doesn't lead to this proxy */
export async function arrival(visit: Visit): Promise<OutsideAnswer & { readonly arrived: Arrived }> {
  const answer = await hello(visit).catch(() => undefined)
  if (answer?.arrived === undefined) throw new Error('the public URL does not lead to this proxy (CEP0802)')
  return { ...answer, arrived: answer.arrived }
}
