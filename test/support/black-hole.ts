import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const LISTEN = `
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.send(server.address().port))
`

/** A port that takes no connection and refuses none, as that of a node that has died. */
export class BlackHole {
  readonly port: number
  readonly #child: ChildProcess
  readonly #filling: readonly Socket[]

  private constructor(port: number, child: ChildProcess, filling: readonly Socket[]) {
    this.port = port
    this.#child = child
    this.#filling = filling
  }

  /** The kernel leaves connections alone for which a server that is stopped has no place left. */
  static async open(): Promise<BlackHole> {
    const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const [port] = (await once(child, 'message')) as [number]
    child.kill('SIGSTOP')
    const filling: Socket[] = []
    while (await connects(port, filling));
    return new BlackHole(port, child, filling)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  close(): void {
    for (const socket of this.#filling) socket.destroy()
    this.#child.kill('SIGKILL')
  }
}

async function connects(port: number, sockets: Socket[]): Promise<boolean> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  sockets.push(socket)
  return Promise.race([once(socket, 'connect').then(() => true), delay(300, false)])
}
