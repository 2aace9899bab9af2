import type { Audience, Progress } from './settings.js'

const WIDTH = 24

/** How often a line is printed where there is no terminal. */
const LINE_EVERY_S = 5

/** Shows a rehearsal while it runs: a bar in a terminal, lines elsewhere. */
export class LiveFigures implements Audience {
  readonly #stream: NodeJS.WriteStream
  #seconds = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  onSecond(progress: Progress): void {
    this.#seconds += 1
    const line = liveLine(progress)
    if (this.#stream.isTTY) this.#stream.write(`\r\x1b[K${line.slice(0, Math.max(20, this.#stream.columns) - 1)}`)
    else if (this.#seconds % LINE_EVERY_S === 0) this.#stream.write(`${line}\n`)
  }

  onNote(text: string): void {
    this.#stream.write(`${this.#stream.isTTY ? '\r\x1b[K' : ''}${text}\n`)
  }

  /** The bar's line ends. */
  end(): void {
    if (this.#stream.isTTY && this.#seconds > 0) this.#stream.write('\n')
  }
}

/** `[######      ]  25 % 1:15  120 of 300 users, 118 websockets, 410 requests/s, p99 12 ms, 0 failures` */
export function liveLine(progress: Progress): string {
  const { elapsedMs, forMs, users, activeUsers, websockets, requests, p99, failures } = progress
  const share = Math.min(1, elapsedMs / forMs)
  const full = Math.round(share * WIDTH)
  const seconds = Math.floor(elapsedMs / 1_000)
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  const bar = `[${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${String(Math.floor(share * 100)).padStart(3)} % ${time}`
  const figures = [
    `${activeUsers} of ${users} users`,
    `${websockets} websockets`,
    `${requests} requests/s`,
    `p99 ${p99 < 10 ? p99.toFixed(1) : Math.round(p99)} ms`,
    `${failures} failures`,
  ]
  return `${bar}  ${figures.join(', ')}`
}
