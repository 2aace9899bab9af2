import { request } from 'undici'
import { FatalError } from '../platform/fatal-error.js'
import { printable } from '../platform/text.js'

/** How long one call may take: CHP lists 10,000 routes within seconds, and a POST may wait for an Envoy for 10 s. */
const LIMIT_MS = 30_000

/** How much of an error's text is shown. */
const SHOWN = 300

/** What the hub posted for a route. */
export type RouteFields = Readonly<Record<string, unknown>>

/** Routes by routespec, as GET /api/routes answers them. */
export type RouteList = ReadonlyMap<string, RouteFields>

/** The REST API of a proxy: CHP, this one, or another that speaks it. */
export class RemoteApi {
  readonly #base: string
  readonly #token: string | undefined

  /** @throws FatalError if the address is none */
  constructor(url: string, token: string | undefined) {
    this.#base = baseOf(url)
    this.#token = token
  }

  /** @throws FatalError if it can't be asked */
  async list(): Promise<RouteList> {
    const { status, text } = await this.#call('GET', '')
    if (status !== 200) throw new FatalError(`${this.#base} answers ${status}: ${hint(status) ?? text}`)
    return parseRoutes(text, this.#base)
  }

  /** @returns why the route can't be added; undefined if it was */
  async add(routespec: string, fields: RouteFields): Promise<string | undefined> {
    const { status, text } = await this.#call('POST', pathOf(routespec), fields)
    return status === 201 ? undefined : `${status} ${text}`
  }

  /** @throws FatalError if there is no answer */
  async #call(method: 'GET' | 'POST', path: string, body?: RouteFields): Promise<{ status: number; text: string }> {
    try {
      const answer = await request(`${this.#base}${path}`, {
        ...{ method, body: body === undefined ? null : JSON.stringify(body), signal: AbortSignal.timeout(LIMIT_MS) },
        headers: this.#token === undefined ? {} : { authorization: `token ${this.#token}` },
      })
      const text = await answer.body.text()
      return { status: answer.statusCode, text: method === 'GET' ? text : printable(text, SHOWN) }
    } catch (error) {
      throw new FatalError(`${this.#base} can't be asked: ${printable((error as Error).message, SHOWN)}`)
    }
  }
}

/**
 * Reads what GET /api/routes answers. `last_activity` is left out: a POST is activity itself.
 *
 * @param from what it is from, for the error
 * @throws FatalError if it is something else
 */
export function parseRoutes(text: string, from: string): RouteList {
  try {
    const routes = Object.entries(JSON.parse(text) as Record<string, RouteFields>)
    return new Map(routes.map(([routespec, fields]) => [routespec, checked(routespec, fields)]))
  } catch (error) {
    const reason = printable((error as Error).message, SHOWN)
    throw new FatalError(`${from} has no table of routes as GET /api/routes answers it: ${reason}`)
  }
}

/** What this proxy adds for whoever asks, and what changes by itself. */
const NOT_POSTED = new Set(['last_activity', 'rejected'])

function checked(routespec: string, fields: RouteFields): RouteFields {
  if (!routespec.startsWith('/')) throw new Error(`${routespec} is no routespec`)
  if (typeof fields?.target !== 'string') throw new Error(`${routespec} has no target`)
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !NOT_POSTED.has(name)))
}

function baseOf(url: string): string {
  const { protocol, origin, pathname } = URL.canParse(url) ? new URL(url) : { protocol: '', origin: '', pathname: '' }
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new FatalError(`${url} is no address of a REST API, such as http://127.0.0.1:8001`)
  }
  const path = pathname.replace(/\/+$/, '')
  return path.endsWith('/api/routes') ? `${origin}${path}` : `${origin}${path}/api/routes`
}

function pathOf(routespec: string): string {
  return routespec === '/' ? '/' : routespec.split('/').map(encodeURIComponent).join('/')
}

function hint(status: number): string | undefined {
  if (status === 401 || status === 403) return 'set its token in CONFIGPROXY_AUTH_TOKEN'
  return undefined
}
