import type { Logger } from '../platform/log.js'
import type { Route, RouteData } from '../routing/route.js'
import { parseRoutespec } from '../routing/routespec.js'
import type { RouteTable } from '../routing/table.js'
import { withoutSecrets } from '../routing/target.js'
import type { Answer, ApiCall, Endpoint, Handler } from './call.js'
import { JSON_TYPE, pathOf } from './call.js'
import { BodyNotJsonError, BodyTooDeepError, DatestampInvalidError, TargetMissingError } from './errors.js'
import { routeJson, routesJson } from './route-json.js'

/**
 * The routes themselves: `/api/routes` and the paths below it. The handlers log what they do in CHP's words.
 *
 * @param requireWritable throws if routes can't be changed now
 */
export function routesEndpoint(table: RouteTable, log: Logger, requireWritable: () => void): Endpoint {
  const handlers = new Map<string, Handler>([
    ['GET', (call) => show(table, call)],
    ['POST', (call) => add(table, call, log, requireWritable)],
    [
      'DELETE',
      (call) => {
        requireWritable()
        return remove(table, call, log)
      },
    ],
  ])
  return {
    matches: (path) => ROUTES.test(path),
    needsToken: true,
    handler: (method) => handlers.get(method),
  }
}

const ROUTES = /^\/api\/routes(?:\/|$)/

function show(table: RouteTable, call: ApiCall): Answer {
  const routespec = routespecOf(call)
  if (routespec === '/') {
    const inactiveSince = inactiveSinceOf(call)
    const isShown = ({ lastActivity }: Route) => inactiveSince === undefined || lastActivity < inactiveSince
    // A copy, so that a slow client gets the table of this moment.
    return { status: 200, type: JSON_TYPE, body: routesJson([...table.all()], table.refusals(), isShown) }
  }
  const route = table.get(routespec)
  if (route === undefined) return { status: 404 }
  return { status: 200, type: JSON_TYPE, body: routeJson(route, table.refusalOf(routespec)) }
}

async function add(table: RouteTable, call: ApiCall, log: Logger, requireWritable: () => void): Promise<Answer> {
  // First: a connection with an unread body can't be used again.
  const body = await call.body()
  requireWritable()
  const routespec = routespecOf(call)
  const data = parseBody(body)
  const what = `${routespec} -> ${withoutSecrets(data.target)}`
  log.info(`Adding route ${what}`)
  await table.put(routespec, data)
  log.info(`Route added ${what}`)
  return { status: 201 }
}

async function remove(table: RouteTable, call: ApiCall, log: Logger): Promise<Answer> {
  const routespec = routespecOf(call)
  if (table.get(routespec) !== undefined) log.info(`Removing route ${routespec}`)
  return { status: (await table.delete(routespec)) ? 204 : 404 }
}

function routespecOf(call: ApiCall): string {
  return parseRoutespec(pathOf(call).replace(/^\/api\/routes\/?/, ''))
}

/** Only routes that were last active before this time are shown; undefined to show all. */
function inactiveSinceOf({ url }: ApiCall): Date | undefined {
  const query = new URLSearchParams(url.split(/[?#]/, 2)[1])
  const text = query.get('inactiveSince') || query.get('inactive_since')
  if (!text) return undefined
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new DatestampInvalidError(text)
  return date
}

/** @throws an error with CHP's words */
function parseBody(body: string): RouteData {
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch (error) {
    throw new BodyNotJsonError(String(error))
  }
  if (isDeeperThan(BODY_LEVELS, data)) throw new BodyTooDeepError(BODY_LEVELS)
  // Of all JSON values, only an object can have a target.
  if (!hasTarget(data)) throw new TargetMissingError()
  return data
}

function hasTarget(data: unknown): data is RouteData {
  return typeof (data as { target?: unknown } | null)?.target === 'string'
}

/**
 * How deep the data of a route may be nested. Node.js parses JSON of any depth but serialises only some thousand
 * levels: a single route beyond that would make every answer with the whole table fail.
 */
const BODY_LEVELS = 100

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part))
}
