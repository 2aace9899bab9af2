import type { Deed } from '../load/profiles.js'
import type { Random } from '../load/random.js'
import type { TimedDeed } from '../load/schedule.js'
import type { Act } from '../record.js'
import type { Outcome } from '../wire/connection.js'
import { Browser } from './browser.js'
import { KernelLink } from './kernel-link.js'
import { browserHeaders, requestText, upgradeText } from './request-text.js'
import type { Answer, Ask, AskOptions } from './site.js'
import type { Surroundings } from './surroundings.js'
import { Timers } from './timers.js'

/** How long a user waits before trying again what failed: reloading the page, mostly. */
const AGAIN_MS = { least: 2_000, spread: 3_000 } as const

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
  readonly #timers = new Timers()
  readonly #cameAt = performance.now()
  #link: KernelLink | undefined
  #isOver = false
  #hasWebsocket = false
  #isTryingAgain = false
  readonly #ask: Ask = (act, method, path, options) => this.#request(act, method, path, options)

  /** @param from the address of this machine that it comes from */
  constructor(user: number, all: Surroundings, from: string | undefined, random: Random) {
    this.#user = user
    this.#all = all
    this.#random = random
    this.#browser = new Browser(all.origin, from, all.tally.traffic)
    this.#headers = browserHeaders(all.origin, all.site.headers(user))
  }

  /**
   * Comes, and works until it is ended.
   *
   * @param past what the user has from an earlier visit
   * @param deeds what to do from when the notebook is open
   * @returns whether JupyterLab was opened
   */
  async run({ isIn, isCached }: Past, deeds: (openMs: number) => Iterator<TimedDeed>): Promise<boolean> {
    const path = await this.#openPage(isIn, isCached)
    if (path === undefined) return false
    await this.#openKernel(path)
    if (!this.#isOver) this.#work(deeds(this.#nowMs))
    return true
  }

  /** Ends it. Nothing that is under way counts any more. */
  async end(how: 'abruptly' | 'politely', stopsServer = false): Promise<void> {
    if (stopsServer) await this.#all.site.stopServer(this.#user, this.#ask)
    this.#isOver = true
    this.#timers.clear()
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

  /** @returns the path of the kernel's websocket; undefined if the visit is over before JupyterLab is open */
  async #openPage(isIn: boolean, isCached: boolean): Promise<string | undefined> {
    const { site } = this.#all
    let path = isIn ? await site.open(this.#user, this.#ask, isCached) : undefined
    while (path === undefined && !this.#isOver) {
      if (await this.#enter()) path = await site.open(this.#user, this.#ask, isCached)
      if (path === undefined) await this.#pause()
    }
    return this.#isOver ? undefined : path
  }

  /** As a user does who is told that the kernel is gone. */
  async #reload(): Promise<void> {
    this.#link?.close(true)
    await this.#pause()
    const path = this.#isOver ? undefined : await this.#openPage(true, true)
    if (path !== undefined) await this.#openKernel(path)
  }

  /** Who sees an error tries again until something works. */
  async #tryAgain(): Promise<void> {
    if (this.#isTryingAgain) return
    this.#isTryingAgain = true
    const [path = ''] = this.#all.site.polls(this.#user)
    do await this.#pause()
    while (!this.#isOver && !(await this.#ask('poll', 'GET', path)).isGood)
    this.#isTryingAgain = false
  }

  async #enter(): Promise<boolean> {
    const wantedAt = performance.now()
    const isIn = await this.#all.site.enter(this.#user, this.#ask)
    if (isIn && !this.#isOver) this.#all.tally.took('spawn', performance.now() - wantedAt)
    return isIn
  }

  #openKernel(path: string): Promise<void> {
    const { tally, site, origin } = this.#all
    const text = upgradeText(path, this.#headers, origin)
    const example = `websocket ${path}`
    const link = new KernelLink(this.#browser, text, site.language, {
      after: (ms, work) => this.#timers.after(ms, work),
      random: this.#random,
      onHandshake: (failure, at) => {
        if (failure === undefined) tally.success(this.#user, 'websocket', this.#ms(at), this.#nowMs)
        else this.#fails('websocket', failure, at, example)
      },
      onOpen: () => this.#onOpenKernel(),
      onAnswer: (ms) => tally.success(this.#user, 'message', this.#nowMs - ms, this.#nowMs),
      onBroken: (_why, unanswered) => {
        this.#onWebsocket(false)
        tally.websocketBroken(this.#user, this.#nowMs, this.#nowMs, example)
        for (let i = 0; i < unanswered; i += 1) this.#fails('message', 'cut off', performance.now(), example)
      },
      lookForKernel: () => this.#ask('kernel', 'GET', path.replace(/\/channels$/, '')),
      onGivenUp: () => void this.#reload(),
    })
    this.#link = link
    return link.connect()
  }

  #onOpenKernel(): void {
    this.#onWebsocket(true)
    const person = this.#all.tally.people[this.#user]
    if (person !== undefined) person.readyAfterMs ??= Math.round(performance.now() - this.#cameAt)
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
    this.#timers.after(next.atMs - this.#nowMs, () => {
      this.#all.tally.late(Math.max(0, this.#nowMs - next.atMs))
      this.#do(next.deed, this.#all.startedAt + next.atMs)
      this.#work(deeds)
    })
  }

  #do(deed: Deed, wantedAt: number): void {
    const { site } = this.#all
    const want = async (act: Act, method: string, path: string, body?: Buffer) => {
      const { isGood } = await this.#ask(act, method, path, body === undefined ? { wantedAt } : { wantedAt, body })
      if (!isGood && !this.#isOver) void this.#tryAgain()
    }
    if (deed === 'cell') this.#link?.send(wantedAt)
    else if (deed === 'poll') for (const path of site.polls(this.#user)) void want('poll', 'GET', path)
    else if (deed === 'download') void want(deed, 'GET', site.file(this.#user, deed))
    else {
      const kind = deed === 'save' ? 'notebook' : deed
      void want(deed, 'PUT', site.file(this.#user, kind), site.content(kind))
    }
  }

  async #request(act: Act, method: string, path: string, options: AskOptions = {}): Promise<Answer> {
    const { body, keepsBody = false, wantedAt = performance.now(), alsoGood = [] } = options
    const text = requestText(method, path, this.#headers, body?.length)
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

  /** How long a user waits who has seen an error. */
  #pause(): Promise<void> {
    return new Promise((resolve) => this.#timers.after(AGAIN_MS.least + this.#random() * AGAIN_MS.spread, resolve))
  }

  #ms(at: number): number {
    return at - this.#all.startedAt
  }

  get #nowMs(): number {
    return performance.now() - this.#all.startedAt
  }
}
