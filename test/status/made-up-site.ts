import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { Api, ApiOptions } from '../../src/api/api.js'
import { createApi } from '../../src/api/api.js'
import { authorize } from '../../src/api/auth.js'
import { BODY_LIMIT } from '../../src/api/body.js'
import { BodyTooLargeError } from '../../src/api/errors.js'
import { serveApi } from '../../src/api/server.js'
import { parseCommandLine } from '../../src/cli/command-line.js'
import { operationsApi } from '../../src/operations/api.js'
import { Operations } from '../../src/operations/operations.js'
import type { Probe } from '../../src/operations/probe/probe.js'
import { Recents } from '../../src/operations/recent/recents.js'
import { statusSite } from '../../src/operations/site/site.js'
import type { StatusFacts } from '../../src/operations/status/facts.js'
import type { Logger } from '../../src/platform/log.js'
import { createLogger } from '../../src/platform/log.js'
import { clusterName, FAILURES } from '../../src/resources/names.js'
import type { Route, RouteData } from '../../src/routing/route.js'
import type { Target } from '../../src/routing/target.js'
import { readSettings } from '../../src/settings/settings.js'
import { textOf } from '../features/world.js'
import { freePorts } from '../support/ports.js'
import { before, factsOf } from './status-facts.js'

export const TOKEN = 'a-token-that-is-secret'

export interface MadeUp {
  readonly facts?: StatusFacts
  /** In their place, if they change. */
  readonly factsNow?: () => StatusFacts
  readonly routes?: readonly Route[]
  readonly token?: string | undefined
  /** Whether it thinks that it is served over TLS. */
  readonly isTls?: boolean
  readonly hostRouting?: boolean
  /** The time in milliseconds, for sessions. */
  readonly now?: () => number
}

export function route(routespec: string, data: Partial<RouteData> = {}, secondsAgo = 60): Route {
  return { routespec, data: { target: 'http://10.0.0.5:8888', ...data }, lastActivity: before(secondsAgo) }
}

/** The REST API's server with the status page, of a proxy that is made up: no Envoy, no files. */
export async function madeUpSite(options: MadeUp = {}): Promise<MadeUpSite> {
  const { facts = factsOf(), routes = [], hostRouting = false, now = Date.now, isTls = false } = options
  const token = 'token' in options ? options.token : TOKEN
  const byKey = new Map(routes.map((one) => [one.routespec, one]))
  const table = {
    get: (key: string) => byKey.get(key),
    all: () => byKey.values(),
    refusals: () => facts.refusals,
    refusalOf: (key: string) => facts.refusals.get(key),
    size: byKey.size,
  }
  const argv = hostRouting ? ['--host-routing'] : []
  const recents = new Recents(() => facts.snapshot.at)
  for (const { routespec, count } of facts.failures) recents.reported('proxy-0', [refusedConnections(routespec, count)])
  const operations = new Operations({
    ...{ table, recents },
    settings: await readSettings(parseCommandLine(argv, []).values, { CONFIGPROXY_AUTH_TOKEN: TOKEN }),
    names: { known: () => [], failureOf: () => undefined },
    requestsOf: async () => 3,
    probe: async ({ target }) => probeOf(target, facts),
    clusters: {
      holdings: () => [
        { node: 'proxy-0', isLoading: false, refusal: undefined, hasCurrent: true, hasSome: true, version: '1' },
      ],
    },
    statusFacts: async () => options.factsNow?.() ?? facts,
    now: () => facts.snapshot.at,
  })
  const site = await statusSite({ operations, token, isTls, hostRouting, now })
  const log = createLogger('debug', { write: () => {}, flush: async () => {} })
  const api = createApi({
    ...{ log, envoys: () => 1, table: table as unknown as ApiOptions['table'] },
    more: [operationsApi(operations), site],
  })
  return new MadeUpSite(api, token, log)
}

/** Without a port unless it is asked to listen. */
export class MadeUpSite {
  readonly #api: Api
  readonly #token: string | undefined
  readonly #log: Logger
  #close: () => unknown = () => {}

  constructor(api: Api, token: string | undefined, log: Logger) {
    this.#api = api
    this.#token = token
    this.#log = log
  }

  /** Asks as the server does. */
  async ask(request: AskOptions): Promise<Asked> {
    const { method = 'GET', url, headers = {}, payload = '' } = request
    const body = async (limit = BODY_LIMIT) => {
      if (payload.length > limit) throw new BodyTooLargeError()
      return payload
    }
    const mayUse = authorize(this.#token)(headers)
    const answer = await this.#api({ method, url, headers, body }, mayUse)
    const { status, type = '', headers: more = {}, admitted = false } = answer
    return {
      status,
      body: await textOf(answer),
      headers: { 'content-type': type, ...more },
      admitted: mayUse || admitted,
    }
  }

  /** Serves it, at the address that is returned. */
  async listen(): Promise<string> {
    const [port = 0] = await freePorts(1)
    const tls = undefined
    this.#close = await serveApi({
      ...{ api: this.#api, at: { host: '127.0.0.1', port }, token: this.#token, maxConnections: 100, tls },
      ...{ log: this.#log, onAnswer: () => {} },
    })
    return `http://127.0.0.1:${port}`
  }

  async close(): Promise<void> {
    await this.#close()
  }
}

export interface AskOptions {
  readonly method?: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: string
}

export interface Asked {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** Whether the connection stays. */
  readonly admitted: boolean
}

/** What Envoy reports of requests that failed since nothing listens. */
function refusedConnections(routespec: string | undefined, value: number): MetricFamily__Output {
  const labels = { [FAILURES.route]: clusterName(routespec ?? '/'), [FAILURES.reason]: 'connection_refused' }
  const label = Object.entries(labels).map(([name, text]) => ({ name, value: text }))
  const metric = [{ label, counter: { value } }] as unknown as MetricFamily__Output['metric']
  return { name: `${FAILURES.scope}.${FAILURES.byRoute}`, metric }
}

/** A target answers, unless requests to it have failed. */
function probeOf({ address }: Target, { failures }: StatusFacts): Probe {
  const place = 'host' in address ? `${address.host}:${address.port}` : address.socketPath
  const isDown = failures.some(({ target }) => target?.endsWith(place))
  return isDown
    ? { outcome: 'refused', status: null, isOfHub: false, ms: 1, detail: 'ECONNREFUSED' }
    : { outcome: 'answers', status: 302, isOfHub: true, ms: 3, detail: '' }
}
