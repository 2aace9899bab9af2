import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile } from '../statistics.js'
import { run } from './run.js'

export interface H2Load {
  readonly url: string
  readonly paths: readonly string[]
  readonly connections: number
  readonly protocol: 'http/1.1' | 'h2'
  /** Requests at once in one connection. */
  readonly streams?: number
  /** As many requests as this, or for as many seconds. */
  readonly amount: { readonly requests: number } | { readonly seconds: number; readonly rate?: number }
}

export interface H2LoadResult {
  readonly requests: number
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** Asks for paths in turn, as fast as the answers come or at a steady rate. An answer that isn't 2xx is an error. */
export async function h2load(load: H2Load): Promise<H2LoadResult> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-bench-'))
  try {
    const [paths, log] = [join(directory, 'paths'), join(directory, 'log')]
    await writeFile(paths, load.paths.map((path) => `${load.url}${path}\n`).join(''))
    const output = await run('h2load', [...argumentsOf(load), '--log-file', log, '--input-file', paths])
    return readH2Load(output, await readFile(log, 'utf8'))
  } finally {
    await rm(directory, { recursive: true })
  }
}

function argumentsOf({ amount, connections, protocol, streams = 1 }: H2Load): string[] {
  const shape = ['--clients', String(connections), '--threads', '1', '--max-concurrent-streams', String(streams)]
  const form = protocol === 'h2' ? [] : ['--h1']
  if ('requests' in amount) return [...shape, ...form, '--requests', String(amount.requests)]
  const rate = amount.rate === undefined ? [] : ['--rps', String(amount.rate / connections)]
  return [...shape, ...form, '--duration', String(amount.seconds), ...rate]
}

/**
 * @param log a line a request: when it began in microseconds, its status, and how many microseconds it took
 * @throws Error if anything went wrong for any request
 */
export function readH2Load(output: string, log: string): H2LoadResult {
  const rate = Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(output)?.[1])
  const lines = log
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').map(Number))
  const bad = lines.find(([, status = Number.NaN]) => !(status >= 200 && status < 300))
  if (bad !== undefined || Number.isNaN(rate)) throw new Error(`h2load says:\n${counts(output)}`)
  const times = lines.map(([, , microseconds = Number.NaN]) => microseconds / 1000)
  const [p50, p99, p999] = [quantile(times, 0.5), quantile(times, 0.99), quantile(times, 0.999)]
  return { requests: lines.length, rate, p50, p99, p999 }
}

/** What it counted, without its progress. */
function counts(output: string): string {
  return output
    .split('\n')
    .filter((line) => /^(finished|requests|status)/.test(line))
    .join('\n')
}
