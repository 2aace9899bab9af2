import type { Deed } from '../load/profiles.js'
import type { Random } from '../load/random.js'
import type { TimedDeed } from '../load/schedule.js'
import type { Act } from '../record.js'
import type { Tally } from '../tally/tally.js'
import type { Outcome } from '../wire/connection.js'
import type { Origin } from '../wire/socket.js'
import { Browser } from './browser.js'
import { KernelLink } from './kernel-link.js'
import type { Answer, Ask, AskOptions, Site } from './site.js'

/** How long a user waits before trying again what failed: reloading the page, mostly. */
const AGAIN_MS = { least: 2_000, spread: 3_000 } as const

const KEY = 'cmVoZWFyc2FsLXdlYnNvYw=='

/** What all visits share. */
export interface Surroundings {
  readonly site: Site
  readonly origin: Origin
  readonly tally: Tally
  /** When the rehearsal started, by `performance.now()`. */
  readonly startedAt: number
}

/** What a user has from an earlier visit. */
export interface Past {
  /** Is logged in, and has a server: opens the page at once. */
  readonly isIn: boolean
  /** Has the static files in the browser's cache. */
  readonly isCached: boolean
}

/** One user's visit, from coming to leaving: a browser and what is done with it. */
export class Visit {
  readonly #user: number
  readonly #all: Surroundings
  readonly #browser: Browser
  readonly #random: Random
  readonly #headers: string
  #link: KernelLink | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #hasWebsocket = false
  readonly #ask: Ask = (act, method, path, options) => this.#request(act, method, path, options)

  /** @param from the address of this machine that it comes from */
  constructor(user: number, all: Surroundings, from: string | undefined, random: Random) {
    this.#user = user
    this.#all = all
    this.#random = random
    this.#browser = new Browser(all.origin, from, all.tally.traffic)
    const client = 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    const kinds = 'Accept: */*\r\nAccept-Language: en-US,en;q=0.5'
    this.#headers = `Host: ${all.origin.host}\r\n${client}\r\n${kinds}\r\n${all.site.headers(user)}`
  }

  /**
   * Comes, and works until it is ended.
   *
   * @param past what the user has from an earlier visit
   * @param deeds what to do from when the notebook is open
   * @returns whether JupyterLab was opened
   */
  async run({ isIn, isCached }: Past, deeds: (openMs: number) => Iterator<TimedDeed>): Promise<boolean> {
    const { site, tally } = this.#all
    const wantedAt = performance.now()
    let path = isIn ? await site.open(this.#user, this.#ask, isCached) : undefined
    while (path === undefined && !this.#isOver) {
      if (await this.#enter()) path = await site.open(this.#user, this.#ask, isCached)
      if (path === undefined) await this.#pause(AGAIN_MS.least + this.#random() * AGAIN_MS.spread)
    }
    if (path === undefined || this.#isOver) return false
    await this.#openKernel(path)
    if (this.#isOver) return true
    const person = tally.people[this.#user]
    if (person !== undefined && this.#hasWebsocket) person.readyAfterMs ??= Math.round(performance.now() - wantedAt)
    this.#work(deeds(this.#nowMs))
    return true
  }

  /** Ends it. Nothing that is under way counts any more. */
  async end(how: 'abruptly' | 'politely', stopsServer = false): Promise<void> {
    if (stopsServer) await this.#all.site.stopServer(this.#user, this.#ask)
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#onWebsocket(false)
    this.#link?.close(how === 'abruptly')
    this.#browser.close(how === 'abruptly')
  }

  /** Looks for what has waited too long. */
  sweep(now: number): void {
    this.#browser.sweep(now)
    const overdue = this.#link?.takeOverdue(now) ?? 0
    for (let i = 0; i < overdue; i += 1) this.#fails('message', 'timeout', now, 'a message to the kernel')
  }

  async #enter(): Promise<boolean> {
    const wantedAt = performance.now()
    const isIn = await this.#all.site.enter(this.#user, this.#ask)
    if (isIn && !this.#isOver) this.#all.tally.took('spawn', performance.now() - wantedAt)
    return isIn
  }

  #openKernel(path: string): Promise<void> {
    const { tally, site, origin } = this.#all
    const lines = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Key: ${KEY}`,
      'Sec-WebSocket-Version: 13',
    ]
    const page = `Origin: ${origin.isTls ? 'https' : 'http'}://${origin.host}`
    const text = `GET ${path} HTTP/1.1\r\n${this.#headers}${[...lines, page].join('\r\n')}\r\n\r\n`
    const example = `websocket ${path}`
    const link = new KernelLink(
      this.#browser,
      text,
      site.language,
      {
        onHandshake: (failure, at) => {
          if (failure === undefined) tally.success(this.#user, 'websocket', this.#ms(at), this.#nowMs)
          else this.#fails('websocket', failure, at, example)
        },
        onOpen: () => this.#onWebsocket(true),
        onAnswer: (ms) => tally.success(this.#user, 'message', this.#nowMs - ms, this.#nowMs),
        onBroken: (_why, unanswered) => {
          this.#onWebsocket(false)
          tally.websocketBroken(this.#user, this.#nowMs, this.#nowMs, example)
          for (let i = 0; i < unanswered; i += 1) this.#fails('message', 'cut off', performance.now(), example)
        },
      },
      this.#random,
    )
    this.#link = link
    return link.connect()
  }

  #onWebsocket(isOpen: boolean): void {
    if (isOpen === this.#hasWebsocket) return
    this.#hasWebsocket = isOpen
    this.#all.tally.websocketsOpen += isOpen ? 1 : -1
  }

  /** Does what is next, at its time, whether or not what was done before has an answer. */
  #work(deeds: Iterator<TimedDeed>): void {
    const next = deeds.next().value as TimedDeed | undefined
    if (next === undefined || this.#isOver) return
    this.#timer = setTimeout(() => {
      this.#all.tally.late(Math.max(0, this.#nowMs - next.atMs))
      this.#do(next.deed, this.#all.startedAt + next.atMs)
      this.#work(deeds)
    }, next.atMs - this.#nowMs)
  }

  #do(deed: Deed, wantedAt: number): void {
    const { site } = this.#all
    if (deed === 'cell') this.#link?.send(wantedAt)
    else if (deed === 'poll') {
      for (const path of site.polls(this.#user)) void this.#ask('poll', 'GET', path, { wantedAt })
    } else if (deed === 'download') void this.#ask(deed, 'GET', site.file(this.#user, deed), { wantedAt })
    else {
      const kind = deed === 'save' ? 'notebook' : deed
      void this.#ask(deed, 'PUT', site.file(this.#user, kind), { wantedAt, body: site.content(kind) })
    }
  }

  async #request(act: Act, method: string, path: string, options: AskOptions = {}): Promise<Answer> {
    const { body, keepsBody = false, wantedAt = performance.now(), alsoGood = [] } = options
    const length = body === undefined && method === 'GET' ? '' : `Content-Length: ${body?.length ?? 0}\r\n`
    const text = `${method} ${path} HTTP/1.1\r\n${this.#headers}${length}\r\n`
    const outcome = await this.#browser.fetch(text, body === undefined ? { keepsBody } : { keepsBody, body })
    if (this.#isOver) return { ...outcome, isGood: false }
    const failure = this.#failureOf(path, outcome, alsoGood)
    if (failure === undefined) this.#all.tally.success(this.#user, act, this.#ms(wantedAt), this.#nowMs)
    else this.#fails(act, failure, wantedAt, `${method} ${path}`)
    return { ...outcome, isGood: failure === undefined }
  }

  #failureOf(path: string, outcome: Outcome, alsoGood: readonly number[]): string | undefined {
    const { status, failure } = outcome
    if (failure !== undefined) return failure
    const isGood = (status >= 200 && status < 400) || alsoGood.includes(status)
    if (!isGood) return `status ${status}`
    return this.#all.site.isMisled(this.#user, path, outcome) ? 'wrong server' : undefined
  }

  #fails(act: Act, kind: string, wantedAt: number, example: string): void {
    this.#all.tally.failure(this.#user, act, kind, this.#ms(wantedAt), this.#nowMs, example)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, ms)
    })
  }

  #ms(at: number): number {
    return at - this.#all.startedAt
  }

  get #nowMs(): number {
    return performance.now() - this.#all.startedAt
  }
}
