import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import { request } from 'node:http'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import type { IncidentHub } from './hub.js'
import { OK, statusOf } from './users.js'

const UPLOAD = Buffer.alloc(256 * 1024, 'u')
const DOWNLOAD = Buffer.alloc(1024 * 1024, 'd')
const POLLS = 8
const MESSAGES = 5

/** The users' servers, all in one: they answer, take files, give files, and echo what comes over websockets. */
export function startNotebooks(): Promise<Backend> {
  return Backend.start('notebooks', (incoming, response) => {
    incoming.resume()
    incoming.on('end', () => response.end(incoming.url?.endsWith('/download') ? DOWNLOAD : 'ok'))
  })
}

/** What a user does in an hour, shortened: polls, talks over a websocket, uploads, downloads, and often just vanishes. */
export class Visitor {
  readonly #port: number
  readonly #hub: IncidentHub
  readonly #random: () => number
  /** What went wrong with requests that the user wanted an answer to. */
  readonly failures: string[] = []

  /** @param random from 0 to 1, to decide what the user does */
  constructor(port: number, hub: IncidentHub, random: () => number) {
    this.#port = port
    this.#hub = hub
    this.#random = random
  }

  async visit(routespec: string): Promise<void> {
    const socket = await this.#open(`${routespec}/api/kernels/k/channels`)
    for (let i = 0; i < POLLS; i += 1) this.#expectOk(await statusOf(this.#port, `${routespec}/api/status`))
    await this.#upload(routespec, this.#random() < 0.3)
    await this.#download(routespec, this.#random() < 0.5)
    const replaced = this.#random() < 0.1
    if (replaced) {
      // The server is stopped and started again while its page is still open.
      await this.#hub.remove(routespec)
      await this.#hub.add(routespec)
    }
    if (socket === undefined) return
    const closed = once(socket, 'close')
    if (this.#random() < 0.5) {
      // Gone in the middle of what is being said: the proxy writes to a connection that is no more.
      for (let i = 0; i < MESSAGES; i += 1) socket.send(UPLOAD)
      socket.terminate()
    } else {
      socket.close()
    }
    await closed
  }

  async #open(path: string): Promise<WebSocket | undefined> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}${path}`)
    socket.on('error', () => {})
    const [opened] = await Promise.race([
      once(socket, 'open').then(() => [true]),
      once(socket, 'close').then(() => [false]),
    ])
    if (!opened) {
      this.failures.push('websocket')
      return undefined
    }
    for (let i = 0; i < MESSAGES; i += 1) {
      socket.send(`message ${i}`)
      await once(socket, 'message')
    }
    return socket
  }

  #upload(routespec: string, vanish: boolean): Promise<void> {
    const upload = this.#request(`${routespec}/upload`, 'PUT')
    upload.setHeader('content-length', UPLOAD.length)
    if (!vanish) {
      upload.end(UPLOAD)
      return this.#answered(upload)
    }
    return new Promise((resolve) => {
      upload.on('close', resolve)
      upload.write(UPLOAD.subarray(0, UPLOAD.length / 2), () => upload.destroy())
    })
  }

  #download(routespec: string, vanish: boolean): Promise<void> {
    const download = this.#request(`${routespec}/download`, 'GET')
    download.end()
    if (!vanish) return this.#answered(download)
    return new Promise((resolve) => {
      download.on('close', resolve)
      download.once('response', (response) => response.once('data', () => download.destroy()))
    })
  }

  #request(path: string, method: string): ClientRequest {
    const call = request({ host: '127.0.0.1', port: this.#port, path, method, agent: false })
    call.on('error', () => {})
    return call
  }

  #answered(call: ClientRequest): Promise<void> {
    return new Promise((resolve) => {
      call.once('response', (response) => {
        response.resume()
        response.once('close', () => this.#expectOk(response.complete ? String(response.statusCode) : 'cut off'))
      })
      call.once('error', (error: NodeJS.ErrnoException) => this.#expectOk(error.code ?? error.message))
      call.once('close', resolve)
    })
  }

  #expectOk(result: string): void {
    if (result !== OK) this.failures.push(result)
  }
}
