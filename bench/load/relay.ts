// A long way to a port, in a process of its own: what is sent arrives later, and no faster than the line is.
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { answerCalls } from '../remote.js'

export interface Line {
  /** Of each direction. */
  readonly delayMs: number
  readonly bytesPerSecond: number
}

export class Relay {
  /** Resolves to the port at the near end. */
  async listen(port: number, line: Line): Promise<number> {
    const server = createServer({ noDelay: true }, (near) => {
      const far = connect({ port, host: '127.0.0.1', noDelay: true })
      carry(near, far, line)
      carry(far, near, line)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
}

/** One direction. What is under way is bounded by twice what the line holds, as in a network's buffers. */
function carry(from: Socket, to: Socket, { delayMs, bytesPerSecond }: Line): void {
  const most = (2 * delayMs * bytesPerSecond) / 1000
  const way = new InOrder()
  let underWay = 0
  let free = performance.now()
  from.on('data', (chunk) => {
    free = Math.max(free, performance.now()) + (chunk.length * 1000) / bytesPerSecond
    underWay += chunk.length
    if (underWay > most) from.pause()
    way.at(free + delayMs, () => {
      underWay -= chunk.length
      if (underWay <= most) from.resume()
      to.write(chunk)
    })
  })
  from.on('end', () => way.at(free + delayMs, () => to.end()))
  from.on('close', () => way.at(free + delayMs, () => to.destroy()))
  // The close follows.
  from.on('error', () => {})
}

/** Does things when it is time, but never before those that were to be done earlier, as timers might. */
class InOrder {
  readonly #waiting: Array<{ readonly time: number; readonly act: () => void }> = []

  at(time: number, act: () => void): void {
    this.#waiting.push({ time, act })
    if (this.#waiting.length === 1) this.#wait()
  }

  #wait(): void {
    const [next] = this.#waiting
    if (next === undefined) return
    setTimeout(() => {
      while (this.#waiting[0] !== undefined && this.#waiting[0].time <= performance.now()) this.#waiting.shift()?.act()
      this.#wait()
    }, next.time - performance.now())
  }
}

answerCalls(new Relay())
