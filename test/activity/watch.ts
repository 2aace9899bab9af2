import { once } from 'node:events'
import { WebSocket } from 'ws'
import { ask } from '../support/http.js'
import { eventually } from '../support/wait.js'

/** What a proxy and CHP have in common. */
export interface Watched {
  readonly port: number
  api(method: string, path: string, body?: object): Promise<Response>
}

/** How late activity may show, in milliseconds, beside what a busy machine takes for itself. */
export const LATE_MS = 5_000
const SLOW_MACHINE_MS = 10_000

/** Each gets a route of its own. */
let markers = 0

/** When each route was last active, as the API tells. */
export async function lastActivity(proxy: Watched): Promise<Map<string, string>> {
  const routes = (await (await proxy.api('GET', '')).json()) as Record<string, { last_activity: string }>
  return new Map(Object.entries(routes).map(([key, route]) => [key, route.last_activity]))
}

export async function add(proxy: Watched, routespec: string, target: string): Promise<void> {
  const { status } = await proxy.api('POST', routespec, { target })
  if (status !== 201) throw new Error(`POST ${routespec}: ${status}`)
}

/** Waits until routes have been active since a moment. */
export async function untilActive(proxy: Watched, keys: Iterable<string>, since: ReadonlyMap<string, string>) {
  const missing = new Set(keys)
  await eventually(
    async () => {
      for (const [key, at] of await lastActivity(proxy)) if (at > (since.get(key) ?? '')) missing.delete(key)
      return missing.size === 0
    },
    `activity of ${[...missing].slice(0, 3)}`,
    LATE_MS + SLOW_MACHINE_MS,
  )
}

/**
 * Resolves when all that happened before the call has been counted, whether it was a request or a stream that lasts: the
 * activity of a websocket opened only now has been.
 *
 * @param target of a route that is added for this
 */
export async function allCounted(proxy: Watched, target: string): Promise<void> {
  const key = `/last${++markers}`
  await add(proxy, key, target)
  const before = await lastActivity(proxy)
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}${key}`)
  await once(socket, 'open')
  socket.send('the last')
  await untilActive(proxy, [key], before)
  socket.terminate()
}

/** Resolves when a first report has come: streams that are older than that count only from then on. */
export async function firstReport(proxy: Watched, target: string): Promise<void> {
  await add(proxy, '/first', target)
  const before = await lastActivity(proxy)
  await ask(proxy.port, '/first')
  await untilActive(proxy, ['/first'], before)
}
