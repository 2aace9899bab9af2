import { Limit } from '../platform/limit.js'
import type { Differences } from './differences.js'
import { differences, toPost } from './differences.js'
import type { RemoteApi, RouteList } from './remote-api.js'

/** How many routes are added at a time. */
const AT_A_TIME = 10

/** How often the tables are compared again: the old proxy's table goes on changing. */
const ROUNDS = 3

/** How a take-over ended. */
export interface TakenOver {
  readonly posted: number
  /** Why routes could not be added, by routespec. */
  readonly failed: ReadonlyMap<string, string>
  /** What is still different. */
  readonly left: Differences
}

/**
 * Adds what the second proxy lacks of a table, then compares, until nothing is lacking or three rounds have not been
 * enough. Removes nothing.
 *
 * @param source reads the table that is wanted; read again for each comparison
 */
export async function takeOver(source: () => Promise<RouteList>, to: RemoteApi): Promise<TakenOver> {
  let left = differences(await source(), await to.list())
  let posted = 0
  let failed = new Map<string, string>()
  for (let round = 0; round < ROUNDS && toPost(left).size > 0; round += 1) {
    const routes = toPost(left)
    failed = await addAll(routes, to)
    posted += routes.size - failed.size
    left = differences(await source(), await to.list())
  }
  return { posted, failed, left }
}

async function addAll(routes: RouteList, to: RemoteApi): Promise<Map<string, string>> {
  const failed = new Map<string, string>()
  const limit = new Limit(AT_A_TIME)
  await Promise.all(
    [...routes].map(([routespec, fields]) =>
      limit.run(async () => {
        const reason = await to.add(routespec, fields)
        if (reason !== undefined) failed.set(routespec, reason)
      }),
    ),
  )
  return failed
}
