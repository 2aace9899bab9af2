import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:http'
import type { PodProcess } from './pod.js'

/** Users who come by a Service: every request goes to some pod that it has, half of them on connections that are kept. */
export class ServiceUsers {
  readonly #pods: () => readonly PodProcess[]
  readonly #path: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly #timer: NodeJS.Timeout
  #asked = 0
  #pending = 0
  /** Requests that were not answered 200. */
  readonly failures: string[] = []
  answered = 0

  private constructor(pods: () => readonly PodProcess[], path: string, rps: number) {
    this.#pods = pods
    this.#path = path
    const begin = performance.now()
    this.#timer = setInterval(() => {
      // What a late timer has missed is made up for.
      while (this.#asked < ((performance.now() - begin) * rps) / 1000) this.#ask()
    }, 5)
  }

  static start(pods: () => readonly PodProcess[], path: string, rps: number): ServiceUsers {
    return new ServiceUsers(pods, path, rps)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    while (this.#pending > 0) await new Promise((resolve) => setImmediate(resolve))
    this.#agent.destroy()
  }

  #ask(): void {
    this.#asked += 1
    const pods = this.#pods()
    const pod = pods[this.#asked % Math.max(1, pods.length)]
    if (pod === undefined) this.failures.push('the Service has no pod')
    else this.#send(pod.ip, this.#asked % 2 === 0 ? this.#agent : false)
  }

  #send(host: string, agent: Agent | false): void {
    this.#pending += 1
    const over = (failure?: string) => {
      this.#pending -= 1
      if (failure === undefined) this.answered += 1
      else this.failures.push(`${host}: ${failure}`)
    }
    const call = request({ host, port: 8000, path: this.#path, agent }, (response: IncomingMessage) => {
      response.resume()
      response.once('end', () => over(response.statusCode === 200 ? undefined : `status ${response.statusCode}`))
      response.once('error', (error) => over(error.message))
    })
    call.once('error', (error: NodeJS.ErrnoException) => {
      // The server has closed an idle connection at that moment: browsers send the request again, too.
      if (!call.reusedSocket || error.code !== 'ECONNRESET') return over(error.message)
      this.#pending -= 1
      this.#send(host, false)
    })
    call.end()
  }
}
