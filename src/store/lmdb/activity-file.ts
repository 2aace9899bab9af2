import type { FileHandle } from 'node:fs/promises'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { PlainLog } from '../../platform/log.js'
import type { Route } from '../../routing/route.js'

/** The file beside the routes. Versions that don't know it ignore it. */
export const ACTIVITY_FILE = 'activity.jsonl'

/** How many lines are made in one turn of the event loop. */
const LINES_AT_A_TIME = 1_000

/** The file is rewritten when it has more than `factor` lines a route plus `lines`. */
const GROWTH = { factor: 2, lines: 10_000 } as const

/**
 * When routes were last active, stored separately from the routes: it changes all the time and may be lost, and routes'
 * records need not be written again for it. One line for each time, `["/user/ann",1767225600000]`; a route's latest
 * counts.
 */
export class ActivityFile {
  readonly #path: string
  /** How many lines it has; undefined if it must be rewritten, since a line may be truncated. */
  #lines: number | undefined

  private constructor(path: string, lines: number | undefined) {
    this.#path = path
    this.#lines = lines
  }

  /**
   * @returns the file, and the times in it. Unreadable lines are skipped with a warning: each route's own record has an
   *   older time
   */
  static async open(path: string, log: PlainLog): Promise<[file: ActivityFile, times: ReadonlyMap<string, number>]> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') log.warn(`${path} can't be read, so last_activity may be older: ${error.message}`)
      return ''
    })
    const lines = text.split('\n')
    // Text after the last newline was being written when the process ended; after an orderly end there is none.
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
   * @param routes all routes
   * @param since earlier activity is in the file already
   * @throws an error of the system; a part may have been written
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

/**
 * No routespec for an invalid line. A time in the future is a wrong digit, by which a server would never count as idle.
 */
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
