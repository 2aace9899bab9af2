import type { Audience, Progress } from './settings.js'

/** Of the bar; in a narrow terminal it is shorter, so that the figures are seen. */
const WIDTH = { least: 4, most: 24 } as const

/** Where the terminal doesn't say how wide it is. */
const USUAL_COLUMNS = 80

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
    const { isTTY, columns } = this.#stream
    // The last column stays empty: some terminals begin a new line after it.
    if (isTTY) this.#stream.write(`\r\x1b[K${liveLine(progress, (columns || USUAL_COLUMNS) - 1)}`)
    else if (this.#seconds % LINE_EVERY_S === 0) this.#stream.write(`${liveLine(progress)}\n`)
  }

  onNote(text: string): void {
    this.#stream.write(`${this.#stream.isTTY ? '\r\x1b[K' : ''}${text}\n`)
  }

  /** The bar's line ends. */
  end(): void {
    if (this.#stream.isTTY && this.#seconds > 0) this.#stream.write('\n')
  }
}

/**
 * `[######      ]  25 % 1:15  120 of 300 users, 2 failures, p99 12 ms, 410 requests/s, 118 websockets`. Where there is no room for
 * all, the bar is shorter, then the last figures are left out.
 */
export function liveLine(progress: Progress, width = Number.POSITIVE_INFINITY): string {
  const { elapsedMs, forMs, users, activeUsers, websockets, requests, p99, failures } = progress
  const share = Math.min(1, elapsedMs / forMs)
  const seconds = Math.floor(elapsedMs / 1_000)
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  const time = `${String(Math.floor(share * 100)).padStart(3)} % ${clock}`
  const figures = [
    `${activeUsers} of ${users} users`,
    `${failures} failures`,
    `p99 ${p99 < 10 ? p99.toFixed(1) : Math.round(p99)} ms`,
    `${requests} requests/s`,
    `${websockets} websockets`,
  ]
  const room = () => width - `[] ${time}  ${figures.join(', ')}`.length
  while (room() < WIDTH.least && figures.length > 1) figures.pop()
  const bar = Math.max(0, Math.min(WIDTH.most, room()))
  const full = Math.round(share * bar)
  return `[${'#'.repeat(full)}${' '.repeat(bar - full)}] ${time}  ${figures.join(', ')}`.slice(0, width)
}
