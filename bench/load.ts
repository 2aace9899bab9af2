import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import autocannon from 'autocannon'

const CONNECTIONS = 16
const PATHS_SCRIPT = fileURLToPath(new URL('../../bench/paths.lua', import.meta.url))

/** Asks for paths in turn over some connections for so many seconds; resolves to the answered requests per second. */
export type LoadGenerator = (url: string, paths: readonly string[], seconds: number) => Promise<number>

/** What makes the load: wrk if it is installed, since it takes less of the processor from what is measured. */
export function findLoadGenerator(): { name: string; load: LoadGenerator } {
  try {
    execFileSync('sh', ['-c', 'command -v wrk'])
    return { name: 'wrk', load: loadByWrk }
  } catch {
    return { name: 'autocannon', load: loadByAutocannon }
  }
}

async function loadByWrk(url: string, paths: readonly string[], seconds: number): Promise<number> {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', PATHS_SCRIPT, url, '--', ...paths]
  const { stdout } = await promisify(execFile)('wrk', args)
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  if (rate === undefined || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk on ${url}:\n${stdout}`)
  return Number(rate)
}

async function loadByAutocannon(url: string, paths: readonly string[], seconds: number): Promise<number> {
  const requests = paths.map((path) => ({ path }))
  const result = await autocannon({ url, requests, connections: CONNECTIONS, duration: seconds, workers: 1 })
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`autocannon on ${url}: ${result.non2xx} bad answers, ${result.errors} errors`)
  }
  return result.requests.average
}
