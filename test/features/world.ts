import { Readable } from 'node:stream'
import type { Logger } from 'pino'
import { pino } from 'pino'
import type { Api } from '../../src/api/api.js'
import { createApi } from '../../src/api/api.js'
import type { Answer } from '../../src/api/call.js'
import { parseCommandLine } from '../../src/cli/command-line.js'
import type { Core } from '../../src/control-plane/core.js'
import { createCore } from '../../src/control-plane/core.js'
import { operationsOf } from '../../src/control-plane/operations.js'
import { FleetStore } from '../../src/fleet/store.js'
import { Observations } from '../../src/metrics/observations.js'
import type { HostResolver } from '../../src/names/resolver.js'
import { NameNotFoundError } from '../../src/names/resolver.js'
import { operationsApi } from '../../src/operations/api.js'
import { Recents } from '../../src/operations/recent/recents.js'
import { Shutdown } from '../../src/platform/shutdown.js'
import type { Route } from '../../src/routing/route.js'
import type { OpenedStore } from '../../src/routing/store.js'
import type { Settings } from '../../src/settings/settings.js'
import { readSettings } from '../../src/settings/settings.js'
import type { WaitPolicy } from '../../src/xds/wait-policy.js'
import { ONE_ENVOY } from '../../src/xds/wait-policy.js'
import { eventually } from '../support/wait.js'
import { TestClock, turns } from './clock.js'
import { SimulatedEnvoy } from './envoy.js'
import { TestStore } from './store.js'

export interface WorldOptions {
  /** The command line. Ports, sockets and the store are not opened, whatever it says. */
  readonly argv?: readonly string[]
  readonly store?: TestStore
  /** Another store in its place. */
  readonly openStore?: (clock: TestClock, log: Logger) => OpenedStore
  /** What a running Envoy has of routes that the store has lost. */
  readonly recovered?: readonly Route[]
  readonly waitPolicy?: WaitPolicy
  readonly resolver?: HostResolver
  /** A clock that others share, instead of its own. */
  readonly clock?: TestClock
}

/** A request to the REST API that may still be under way. */
export interface Call {
  /** What it was answered with; undefined until then. */
  readonly answer: { readonly status: number; readonly body: string } | undefined
  readonly answered: Promise<{ readonly status: number; readonly body: string }>
}

export const TOKEN = 'token'

const SOON_MS = 10

/**
 * The control plane as the proxy puts it together, in this process: the REST API, the route table, what is published
 * and the ADS streams. Envoys, the store and the clock do as a test says, so that whatever can happen to them is shown
 * in milliseconds.
 */
export class World {
  readonly clock: TestClock
  readonly store: TestStore
  readonly core: Core
  /** What was logged, as `level: message`. */
  readonly log: readonly string[]
  /** Why the proxy would have ended or, with Envoys of others, an error would be in its log. */
  readonly refused: readonly string[]
  /** How many resources Envoys have rejected. */
  readonly rejections: { count: number }
  /** What has happened lately. */
  readonly recents: Recents
  readonly settings: Settings
  readonly observations: Observations
  readonly envoys: SimulatedEnvoy[] = []
  /** The REST API without a port. */
  readonly api: Api

  private constructor(
    parts: Pick<
      World,
      'clock' | 'store' | 'core' | 'log' | 'refused' | 'rejections' | 'recents' | 'settings' | 'observations'
    >,
    api: Api,
  ) {
    this.clock = parts.clock
    this.store = parts.store
    this.core = parts.core
    this.log = parts.log
    this.refused = parts.refused
    this.rejections = parts.rejections
    this.recents = parts.recents
    this.settings = parts.settings
    this.observations = parts.observations
    this.api = api
  }

  static async start(t: { teardown(fn: () => unknown): unknown }, options: WorldOptions = {}): Promise<World> {
    const { argv = [], store = new TestStore(), waitPolicy = ONE_ENVOY, resolver = NO_NAMES } = options
    const settings = await readSettings(parseCommandLine(argv, []).values, { CONFIGPROXY_AUTH_TOKEN: TOKEN })
    const [clock, lines, refused] = [options.clock ?? new TestClock(), [] as string[], [] as string[]]
    const shutdown = new Shutdown((error) => lines.push(`error: ${error.message}`))
    t.teardown(() => shutdown.run('at once'))
    const log = pino(
      { level: 'debug' },
      {
        write: (line: string) =>
          void lines.push(`${pino.levels.labels[JSON.parse(line).level]}: ${JSON.parse(line).msg}`),
      },
    )
    const rejections = { count: 0 }
    const recents = new Recents(() => new Date())
    const observations = new Observations(log)
    const opened = options.openStore?.(clock, log) ?? store
    const made = createCore({
      settings,
      log,
      store: opened,
      envoys: {
        waitPolicy,
        recoverable: true,
        onUnusable: (message) => void refused.push(message),
        recover: async () => [...(options.recovered ?? [])],
      },
      resolver,
      shutdown,
      onRejected: (rejection) => {
        rejections.count += 1
        recents.rejected(rejection)
      },
      onWritten: (key, error) => recents.written(key, error),
      observer: observations,
      clock,
    })
    // The names that are known from the start are asked for as time goes by, once files have been read.
    if (options.resolver !== undefined) {
      let isMade = false
      made.catch(() => {}).finally(() => (isMade = true))
      await eventually(() => isMade || clock.timers > 0, 'names are to be asked for')
      await clock.pass(SOON_MS)
    }
    const core = await made
    const api = createApi({
      table: core.table,
      envoys: () => 1,
      log,
      place: opened instanceof FleetStore ? opened.place : undefined,
      more: [
        operationsApi(
          operationsOf(core, settings, recents, () => Promise.reject(new Error('no figures')), {
            requestsOf: async () => undefined,
          }),
        ),
      ],
    })
    return new World({ clock, store, core, log: lines, refused, rejections, recents, settings, observations }, api)
  }

  /** An Envoy that has just started and, unless told otherwise, connected and got all there is. */
  async envoy(node = `envoy-${this.envoys.length + 1}`): Promise<SimulatedEnvoy> {
    const envoy = new SimulatedEnvoy(this.core.collections, node)
    this.envoys.push(envoy)
    envoy.connect()
    await until(() => envoy.listens, `${node} listens`)
    await turns()
    return envoy
  }

  /** Adds or replaces a route. */
  post(routespec: string, target: string, more: object = {}): Call {
    return this.call('POST', routespec, { target, ...more })
  }

  delete(routespec: string): Call {
    return this.call('DELETE', routespec)
  }

  /** The route as the REST API shows it; undefined if there is none. */
  async get(routespec: string): Promise<{ readonly target: string } | undefined> {
    const { body } = await this.call('GET', '').answered
    return JSON.parse(body)[routespec]
  }

  /** Asks the REST API. */
  ask(method: string, url: string, body = '', mayUse = true): Promise<Answer> {
    return this.api({ method, url, headers: {}, body: async () => body }, mayUse)
  }

  call(method: 'GET' | 'POST' | 'DELETE', routespec: string, body?: object): Call {
    const call: { answer: Call['answer']; answered: Call['answered'] } = {
      answer: undefined,
      answered: this.ask(method, `/api/routes${routespec}`, JSON.stringify(body)).then(async (answer) => {
        call.answer = { status: answer.status, body: await textOf(answer) }
        return call.answer
      }),
    }
    return call
  }
}

/** The whole body of an answer. */
export async function textOf({ body = '' }: Answer): Promise<string> {
  return typeof body === 'string' ? body : (await Readable.from(body).toArray()).join('')
}

/** Lets turns of the event loop pass until something holds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let count = 0; !holds(); count += 1) {
    if (count > 10_000) throw new Error(`it never happens: ${what}`)
    await turns(1)
  }
}

const NO_NAMES: HostResolver = {
  silent: false,
  resolve: (host) => Promise.reject(new NameNotFoundError(`nobody knows ${host}`)),
  fullName: () => undefined,
  remember: () => {},
  forget: () => {},
  close: () => {},
}
