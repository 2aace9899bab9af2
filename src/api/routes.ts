import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../platform/log.js'
import type { Route, RouteData } from '../routing/route.js'
import { parseRoutespec } from '../routing/routespec.js'
import type { RouteTable } from '../routing/table.js'
import { BodyNotJsonError, BodyTooDeepError, DatestampInvalidError, TargetMissingError } from './errors.js'
import { routeJson, routesJson } from './route-json.js'

const JSON_TYPE = 'application/json; charset=utf-8'

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** The handlers of /api/routes and the paths below it. They log what they do in CHP's words. */
export function routeHandlers(table: RouteTable, log: Logger): Record<'get' | 'post' | 'delete', Handler> {
  return {
    async get(request, reply) {
      const routespec = routespecOf(request)
      if (routespec === '/') {
        const inactiveSince = inactiveSinceOf(request)
        const isShown = ({ lastActivity }: Route) => inactiveSince === undefined || lastActivity < inactiveSince
        // A copy, so that a slow client gets the table of this moment.
        const json = routesJson([...table.all()], table.refusals(), isShown)
        return reply.type(JSON_TYPE).send(Readable.from(json, { objectMode: false }))
      }
      const route = table.get(routespec)
      if (route === undefined) return reply.code(404).send()
      return reply.type(JSON_TYPE).send(routeJson(route, table.refusalOf(routespec)))
    },

    async post(request, reply) {
      const routespec = routespecOf(request)
      const data = parseBody(request.body)
      const what = `${routespec} -> ${withoutCredentials(data.target)}`
      log.info(`Adding route ${what}`)
      await table.put(routespec, data)
      log.info(`Route added ${what}`)
      return reply.code(201).send()
    },

    async delete(request, reply) {
      const routespec = routespecOf(request)
      if (table.get(routespec) !== undefined) log.info(`Removing route ${routespec}`)
      const existed = await table.delete(routespec)
      return reply.code(existed ? 204 : 404).send()
    },
  }
}

/** The routespec of a request, from the raw URL: the router's own decoding differs from CHP's. */
function routespecOf(request: FastifyRequest): string {
  const [path = ''] = request.url.split(/[?#]/, 1)
  return parseRoutespec(path.replace(/^\/api\/routes\/?/, ''))
}

/** Only routes that were last active before this time are shown; undefined to show all. */
function inactiveSinceOf(request: FastifyRequest): Date | undefined {
  const query = new URLSearchParams(request.url.split(/[?#]/, 2)[1])
  const text = query.get('inactiveSince') || query.get('inactive_since')
  if (!text) return undefined
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new DatestampInvalidError(text)
  return date
}

function parseBody(body: unknown): RouteData {
  let data: unknown
  // Here and not in Fastify's parser, since the messages are CHP's.
  try {
    data = JSON.parse(typeof body === 'string' ? body : '')
  } catch (error) {
    throw new BodyNotJsonError(String(error))
  }
  if (isDeeperThan(BODY_LEVELS, data)) throw new BodyTooDeepError(BODY_LEVELS)
  // Of all JSON values, only an object can have a target.
  const target = (data as { target?: unknown } | null)?.target
  if (typeof target !== 'string') throw new TargetMissingError()
  return { ...(data as object), target }
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

/** A URL may have a user and a password before its host. */
function withoutCredentials(target: string): string {
  return target.replace(/^([a-z+]+:\/\/)[^/]*@/i, '$1...@')
}
