import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { FatalError } from '../../platform/fatal-error.js'
import { askApi } from '../facts/api.js'
import { usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'
import { isRunning } from '../model/subject.js'
import { EchoServer } from './echo-server.js'

/** The way in from outside, with a server at its end that answers for the time of the visit. */
export interface Visit {
  /** The public URL, with the unguessable path of the temporary route. */
  readonly url: URL
  readonly key: string
  /** Where Envoy reaches the server, such as `10.0.0.7:4711`. */
  readonly echoAt: string
  /** How long a websocket is left idle, in milliseconds. */
  readonly idleMs: number
  readonly subject: Subject
}

export interface VisitOptions {
  readonly publicUrl: string
  /** host:port; undefined for one that is chosen here. */
  readonly echoAddress: { readonly host: string; readonly port: number } | undefined
  readonly idleMs: number
}

/** The last segment of a temporary route's path. */
const NAME = /^\/(?:.*\/)?_cep-doctor-[0-9a-f]{32}$/

/** How long a temporary route can be in use. One that is older was left by a doctor that was killed. */
const LONGEST_MS = 3_600_000

/**
 * Starts the server, adds a temporary route to it on the running proxy, calls `use`, and removes both.
 *
 * @param stop aborts `use`, for example when a signal ends the program
 * @throws FatalError if the running proxy can't be used
 */
export async function withVisit<T>(
  subject: Subject,
  options: VisitOptions,
  stop: AbortSignal,
  use: (visit: Visit) => Promise<T>,
): Promise<T> {
  const url = publicUrl(options.publicUrl)
  if (!isRunning(subject)) {
    throw new FatalError(
      '--public-url needs the running proxy, for a temporary route: no proxy runs with these options, for this user, in ' +
        'this XDG_RUNTIME_DIR. Run doctor beside it.',
    )
  }
  await removeLeftOver(subject)
  const key = randomBytes(16).toString('hex')
  url.pathname = `${url.pathname.replace(/\/$/, '')}/_cep-doctor-${key}`
  const server = new EchoServer(key)
  const { host, port } = options.echoAddress ?? { host: reachableHost(subject), port: 0 }
  await server.listen(host, port).catch((error: Error) => {
    throw new FatalError(
      `The server for the checks can't listen on ${host}: ${error.message}. Name another --echo-address.`,
    )
  })
  const echoAt = `${host.includes(':') ? `[${host}]` : host}:${server.port}`
  const routespec = `${hostPart(subject, url)}${url.pathname}`
  try {
    await post(subject, routespec, echoAt).catch(async (error) => {
      // A call without an answer may have added it nevertheless.
      await remove(subject, routespec).catch(() => {})
      throw error
    })
  } catch (error) {
    await server.close()
    throw error
  }
  try {
    return await Promise.race([use({ url, key, echoAt, idleMs: options.idleMs, subject }), aborted(stop)])
  } finally {
    await remove(subject, routespec)
    await server.close()
  }
}

function publicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return new URL(url.pathname, url)
  throw new FatalError(`--public-url ${text} is no URL of the form https://hub.example.org/.`)
}

/** With --host-routing the first segment of a route is its host. */
function hostPart({ sections }: Subject, { hostname }: URL): string {
  return usable(sections.routing).hostRouting ? `/${hostname}` : ''
}

/** Envoy of this machine is beside this process; one elsewhere comes to an address of this machine. */
function reachableHost({ sections }: Subject): string {
  if (usable(sections.external) === undefined) return '127.0.0.1'
  const all = Object.values(networkInterfaces()).flat()
  const first = all.find((one) => one !== undefined && !one.internal && one.family === 'IPv4')
  if (first !== undefined) return first.address
  throw new FatalError('External Envoys need an address of this machine: name it with --echo-address.')
}

async function post(subject: Subject, routespec: string, echoAt: string): Promise<void> {
  const body = { target: `http://${echoAt}`, doctor: new Date().toISOString() }
  const { status, body: reason } = await call(subject, 'POST', routespec, body)
  if (status === 201) return
  const hint = status === 403 ? 'CONFIGPROXY_AUTH_TOKEN is not its token' : `${status} ${reason}`.trim()
  throw new FatalError(`The running proxy refuses the temporary route for the checks: ${hint}.`)
}

async function remove(subject: Subject, routespec: string): Promise<void> {
  const { status } = await call(subject, 'DELETE', routespec)
  if (status === 204 || status === 404) return
  throw new FatalError(`The temporary route ${routespec} can't be removed (${status}): DELETE /api/routes${routespec}.`)
}

async function call(subject: Subject, method: string, routespec: string, body?: unknown) {
  return askApi(subject, `/api/routes${routespec}`, { method, body }).catch((error: Error) => {
    throw new FatalError(`${error.message}: ${method} of the temporary route ${routespec}.`)
  })
}

async function removeLeftOver(subject: Subject): Promise<void> {
  const { status, body } = await askApi(subject, '/api/routes').catch((error: Error) => {
    throw new FatalError(`${error.message}.`)
  })
  if (status !== 200) return
  const routes = JSON.parse(body) as Record<string, { readonly doctor?: unknown }>
  for (const [routespec, { doctor }] of Object.entries(routes)) {
    const isOld = typeof doctor === 'string' && Date.now() - Date.parse(doctor) > LONGEST_MS
    if (isOld && NAME.test(routespec)) await remove(subject, routespec)
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(new FatalError('Interrupted; the temporary route was removed.'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
