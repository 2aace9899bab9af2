import type { ProcessRecord, ProcessSample } from '../record.js'
import type { ProxyProcess } from '../world.js'
import { FiguresReader } from './figures.js'

const EVERY_MS = 1_000

interface Watched {
  readonly reader: FiguresReader
  readonly samples: ProcessSample[]
  process: ProxyProcess
}

/** Samples the processes of a proxy each second until it is closed. */
export class ProcessWatch {
  readonly #find: () => Promise<readonly ProxyProcess[]>
  readonly #now: () => number
  readonly #watched = new Map<string, Watched>()
  readonly #timer: NodeJS.Timeout

  /**
   * @param find the processes that run now, such as of a `ProcessFinder`
   * @param now milliseconds since the rehearsal began
   */
  constructor(find: () => Promise<readonly ProxyProcess[]>, now: () => number) {
    this.#find = find
    this.#now = now
    // A shortage, such as of open files, may pass; one that lasts is thrown at the end.
    this.#timer = setInterval(() => this.sample().catch(() => {}), EVERY_MS)
  }

  /** Takes a sample of each process that runs now. */
  async sample(): Promise<void> {
    for (const process of await this.#find()) {
      const watched = this.#watchedOf(process)
      const figures = watched.reader.read()
      if (figures === undefined) continue
      watched.process = process
      watched.samples.push({ atMs: this.#now(), ...figures })
    }
  }

  /** Takes the last samples. @returns every process that was seen, with its samples */
  async close(): Promise<ProcessRecord[]> {
    clearInterval(this.#timer)
    await this.sample()
    return [...this.#watched.values()]
      .filter(({ samples }) => samples.length > 0)
      .map(({ process: { pid, role, command }, samples }) => ({ pid, role, command, samples }))
  }

  #watchedOf(process: ProxyProcess): Watched {
    const key = `${process.pid}:${process.startTime}`
    const known = this.#watched.get(key)
    if (known !== undefined) return known
    const watched: Watched = { reader: new FiguresReader(process.pid), samples: [], process }
    this.#watched.set(key, watched)
    return watched
  }
}
