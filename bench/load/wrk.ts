import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { run } from './run.js'

export interface WrkLoad {
  /** Of the public port, with scheme. */
  readonly url: string
  readonly seconds: number
  readonly connections?: number
  readonly headers?: readonly string[]
}

/** Answers. One that isn't 2xx, or a connection that fails, is an error. */
export interface WrkResult {
  readonly requests: number
  readonly rate: number
}

/** Asks for paths in turn, as fast as the answers come. */
export function askFor(paths: readonly string[], load: WrkLoad): Promise<WrkResult> {
  return wrk('paths.lua', paths, load)
}

/** Posts a body of so many bytes to one path, again and again. */
export function post(path: string, bytes: number, load: WrkLoad): Promise<WrkResult> {
  return wrk('post.lua', [String(bytes)], { ...load, url: load.url + path })
}

export interface PacedLoad extends WrkLoad {
  readonly connections: number
  /** Requests a second, of all connections together. */
  readonly rate: number
}

export interface PacedResult {
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/**
 * Asks for paths in turn, from many connections at random moments, at a mean rate. A generator that sends at the same moments
 * from all connections would measure how long a burst takes.
 */
export async function askAtRate(paths: readonly string[], load: PacedLoad): Promise<PacedResult> {
  const wait = (load.connections * 1000) / load.rate
  return readPaced(await runWrk('pace.lua', [String(wait), ...paths], load))
}

/** @throws Error if anything went wrong for any request */
export function readPaced(output: string): PacedResult {
  const { rate } = readWrk(output)
  const [, ...within] = /^Within us: (\d+) (\d+) (\d+)$/m.exec(output) ?? []
  const [p50 = Number.NaN, p99 = Number.NaN, p999 = Number.NaN] = within.map((us) => Number(us) / 1000)
  return { rate, p50, p99, p999 }
}

async function wrk(script: string, args: readonly string[], load: WrkLoad): Promise<WrkResult> {
  return readWrk(await runWrk(script, args, load))
}

function runWrk(script: string, args: readonly string[], load: WrkLoad): Promise<string> {
  const { url, seconds, connections = 16, headers = [] } = load
  const path = join(PACKAGE_ROOT, 'bench/load', script)
  const more = headers.flatMap((header) => ['-H', header])
  const shape = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '-s', path]
  return run('wrk', [...shape, ...more, url, '--', ...args])
}

/** @throws Error if anything went wrong for any request */
export function readWrk(output: string): WrkResult {
  const requests = Number(/(\d+) requests in/.exec(output)?.[1])
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1])
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(output)) throw new Error(`wrk says:\n${output}`)
  return { requests, rate }
}
