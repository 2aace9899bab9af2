import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import type { ProcessSample } from '../record.js'

/** What a process uses at a moment. */
export type ProcessFigures = Omit<ProcessSample, 'atMs'>

/** The kernel tells everybody the times of processes in hundredths of a second, whatever it counts in. */
const MS_PER_TICK = 10

/** Looking at each open file costs as much as all the rest, so those that aren't sockets are counted this seldom. */
const COUNT_EVERY = 10

/** Reads the figures of one process again and again, for little. */
export class FiguresReader {
  readonly #proc: string
  #reads = 0
  #otherFiles = 0

  constructor(pid: number) {
    this.#proc = `/proc/${pid}`
  }

  /** Undefined once it has ended, or if this user may not look at it. */
  read(): ProcessFigures | undefined {
    try {
      const memory = memoryOf(readFileSync(`${this.#proc}/smaps_rollup`, 'latin1'))
      if (memory === undefined) return undefined
      return { ...timesOf(readFileSync(`${this.#proc}/stat`, 'latin1')), ...memory, ...this.#files() }
    } catch {
      return undefined
    }
  }

  #files(): { files: number; sockets: number } {
    const isDue = this.#reads % COUNT_EVERY === 0
    this.#reads += 1
    const size = isDue ? 0 : statSync(`${this.#proc}/fd`).size
    // Kernels before 6.2 don't tell the number there.
    const files = size > 0 ? size : this.#countFiles()
    return { files, sockets: Math.max(0, files - this.#otherFiles) }
  }

  #countFiles(): number {
    const names = readdirSync(`${this.#proc}/fd`)
    this.#otherFiles = names.filter((name) => !this.#isSocket(name)).length
    return names.length
  }

  #isSocket(name: string): boolean {
    try {
      return readlinkSync(`${this.#proc}/fd/${name}`).startsWith('socket:')
    } catch {
      // It was closed since; most of those that come and go are sockets.
      return true
    }
  }
}

/** Of the text of `/proc/PID/stat`: the processor time of all threads, those included that have ended. */
export function timesOf(stat: string): { cpuMs: number; threads: number } {
  // The name, in parentheses, may contain anything; after it come fields 3 and on: 14 and 15 are user and system time,
  // 20 is how many threads there are.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK, threads: Number(fields[17]) }
}

/** Of the text of `/proc/PID/smaps_rollup`; undefined for a process that has ended but is still listed. */
export function memoryOf(rollup: string): { rssBytes: number; pssBytes: number } | undefined {
  const [rss, pss] = [/^Rss:\s+(\d+) kB/m, /^Pss:\s+(\d+) kB/m].map((line) => line.exec(rollup)?.[1])
  if (rss === undefined || pss === undefined) return undefined
  return { rssBytes: Number(rss) * 1024, pssBytes: Number(pss) * 1024 }
}
