import type { Socket } from 'node:net'
import type { RawHandler, RawRequest, Reply } from '../wire/raw-server.js'
import { RawServer } from '../wire/raw-server.js'
import { Kernel } from './kernel.js'
import type { OwnResponses } from './responses.js'
import { ownResponses, STATIC_RESPONSES } from './responses.js'

/** `/user/NAME/static/lab/17.js` */
const STATIC = /\/static\/lab\/(\d+)\.js$/

/** The server of one user, on a port of its own. */
export class UserServer implements RawHandler {
  readonly #responses: OwnResponses
  readonly #server = new RawServer(this)
  readonly #kernel = new Kernel()
  /** What it will answer when it hangs no more. */
  #held: Array<() => void> = []
  #isHung = false

  constructor(name: string) {
    this.#responses = ownResponses(name)
  }

  /** Undefined while it doesn't listen. */
  get target(): string | undefined {
    return this.#server.isOpen ? `http://127.0.0.1:${this.#server.port}` : undefined
  }

  start(): Promise<void> {
    return this.#server.open()
  }

  end(): void {
    this.#held = []
    this.#server.close()
  }

  /** It accepts and reads, and answers nothing. */
  hang(): void {
    this.#isHung = true
    this.#kernel.isHung = true
  }

  resume(): void {
    this.#isHung = false
    this.#kernel.isHung = false
    for (const answer of this.#held.splice(0)) answer()
  }

  ping(now: number): void {
    if (!this.#isHung) this.#kernel.ping(now)
  }

  answer(request: RawRequest, reply: Reply): void {
    if (this.#isHung) this.#held.push(() => this.answer(request, reply))
    else this.#answer(request, reply)
  }

  upgrade(request: RawRequest, socket: Socket): (part: Buffer) => void {
    if (!this.#isHung) return this.#kernel.accept(request.head, socket, performance.now())
    let read: ((part: Buffer) => void) | undefined
    this.#held.push(() => {
      if (!socket.destroyed) read = this.#kernel.accept(request.head, socket, performance.now())
    })
    return (part) => read?.(part)
  }

  #answer({ method, path }: RawRequest, reply: Reply): void {
    const { page, json, saved, downloadHead, download } = this.#responses
    const file = STATIC.exec(path)
    if (file !== null) reply(STATIC_RESPONSES[Number(file[1])] ?? json)
    else if (method === 'PUT') reply(saved)
    else if (path.endsWith('/lab')) reply(page)
    else if (path.includes('/files/')) {
      reply(downloadHead)
      reply(download)
    } else reply(json)
  }
}
