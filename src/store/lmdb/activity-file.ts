import type { FileHandle } from 'node:fs/promises'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Logger } from '../../platform/log.js'
import type { Route } from '../../routing/route.js'

/** The file beside the routes. Versions that don't know it leave it alone. */
export const ACTIVITY_FILE = 'activity.jsonl'

/** How many lines are made in one turn of the event loop. */
const LINES_AT_A_TIME = 1_000

/** How much longer than a line for each route the file may get before it is written anew, and what it may always have. */
const GROWTH = { factor: 2, lines: 10_000 } as const

/**
 * When routes were last active, kept apart from the routes: it changes all the time and may be lost, and a route's record
 * need not be written again for it. A line for each time, `["/user/ann",1767225600000]`; the latest of a route counts.
 */
export class ActivityFile {
  readonly #path: string
  /** How many lines there are in it; undefined if it is to be written anew, since one may be cut off. */
  #lines: number | undefined

  private constructor(path: string, lines: number | undefined) {
    this.#path = path
    this.#lines = lines
  }

  /**
   * @returns the file, and when routes were last active by it. What can't be read is left out, with a warning: each route's
   *   own record has an older time
   */
  static async open(path: string, log: Logger): Promise<[file: ActivityFile, times: ReadonlyMap<string, number>]> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') log.warn(`${path} can't be read, so last_activity may be older: ${error.message}`)
      return ''
    })
    const lines = text.split('\n')
    // What follows the last newline was being written when the process ended; it is empty after an orderly end.
    const isWhole = lines.pop() === ''
    const times = new Map<string, number>()
    let damaged = 0
    for (const line of lines) {
      const [routespec, at] = parse(line)
      if (routespec === undefined) damaged += 1
      else times.set(routespec, Math.max(at, times.get(routespec) ?? 0))
    }
    if (damaged > 0)
      log.warn(`${path}: left out ${damaged} damaged lines, so last_activity of some routes may be older`)
    return [new ActivityFile(path, isWhole && damaged === 0 ? lines.length : undefined), times]
  }

  /**
   * @param routes all that there are
   * @param since what was active before is in the file
   * @throws an error of the system; some of it may be in the file
   */
  async store(routes: readonly Route[], since: Date): Promise<void> {
    const active = routes.filter(({ lastActivity }) => lastActivity >= since)
    if (active.length === 0) return
    const lines = (this.#lines ?? Number.POSITIVE_INFINITY) + active.length
    this.#lines = undefined
    if (lines <= GROWTH.factor * routes.length + GROWTH.lines) {
      await append(this.#path, active)
      this.#lines = lines
    } else {
      await replace(this.#path, routes)
      this.#lines = routes.length
    }
  }
}

/** No routespec for a line that is none. What lies ahead is a wrong digit: no server would be stopped for being idle. */
function parse(line: string): [routespec: string | undefined, at: number] {
  try {
    const [routespec, at] = JSON.parse(line) as unknown[]
    if (typeof routespec === 'string' && typeof at === 'number' && at <= Date.now()) return [routespec, at]
  } catch {}
  return [undefined, 0]
}

async function append(path: string, routes: readonly Route[]): Promise<void> {
  const file = await open(path, 'a', 0o600)
  try {
    await write(file, routes)
  } finally {
    await file.close()
  }
}

async function replace(path: string, routes: readonly Route[]): Promise<void> {
  const draft = `${path}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await write(file, routes)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

async function write(file: FileHandle, routes: readonly Route[]): Promise<void> {
  for (let at = 0; at < routes.length; at += LINES_AT_A_TIME) {
    const some = routes.slice(at, at + LINES_AT_A_TIME)
    await file.appendFile(
      some.map((route) => `${JSON.stringify([route.routespec, route.lastActivity.getTime()])}\n`).join(''),
    )
    await endOfTurn()
  }
  await file.datasync()
}
