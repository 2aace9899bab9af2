import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { routespec } from './build.js'
import { CLUSTER_HEADER, ceilingCluster } from './ceiling.js'
import type { Program } from './programs.js'

const CONNECTIONS = 16
const SCRIPT = fileURLToPath(new URL('../../../bench/cost/requests.lua', import.meta.url))

/** How many routes of a table, evenly spread, get the requests. */
const ROUTES_IN_USE = 100

/** What follows a routespec in a request's path, so that it has nine segments. */
const BELOW = '/lab/api/kernels/a/b/c/d'

/** The arguments of wrk's script for a table of so many routes: the same requests for all programs. */
export function requestsFor(routes: number): string[] {
  const used = Math.min(routes, ROUTES_IN_USE)
  const requests = Array.from({ length: used }, (_, i) => {
    const route = Math.floor((i * routes) / used)
    return [routespec(route) + BELOW, ceilingCluster(route)]
  })
  return [CLUSTER_HEADER, ...requests.flat()]
}

/**
 * Sends requests as fast as they are answered.
 *
 * @returns the processor time that the program takes for a request, in microseconds
 */
export async function costOfRequest(
  { port, pid }: Program,
  requests: readonly string[],
  seconds: number,
): Promise<number> {
  const load = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', SCRIPT, `http://127.0.0.1:${port}`, '--', ...requests]
  const before = await processorTime(pid)
  const { stdout } = await promisify(execFile)('wrk', load)
  const after = await processorTime(pid)
  const answered = Number(/(\d+) requests in/.exec(stdout)?.[1])
  if (!(answered > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk on port ${port}:\n${stdout}`)
  return (after - before) / 1_000 / answered
}

/** The processor time that all threads of a process have taken, in nanoseconds. */
export async function processorTime(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  const times = await Promise.all(
    threads.map(async (thread) => {
      // A thread may have ended since.
      const schedule = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')
      return Number(schedule.split(' ')[0])
    }),
  )
  return times.reduce((sum, time) => sum + time, 0)
}
