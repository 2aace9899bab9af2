// Run by redirect.ts, on another machine as it were: users of one server, who say on standard output what they see. One asks
// on a new connection each time, one on a connection that is kept, one has a websocket. A line on standard input lets the
// latter two connect anew.
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** What was seen in the last round. */
export interface Seen {
  /** The server's names for itself, by the connection that was used. */
  readonly fresh: string
  readonly kept: string
  readonly rounds: number
  readonly failures: readonly string[]
}

const [url = ''] = process.argv.slice(2)
const failures: string[] = []
let renew = true
createInterface(process.stdin).on('line', () => {
  renew = true
})

async function nameFrom(agent: Agent | false): Promise<string> {
  const [response] = await once(get(url, { agent }), 'response')
  const text = (await response.toArray()).join('')
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
  return JSON.parse(text).name
}

async function echo(socket: WebSocket): Promise<void> {
  socket.send('hello')
  await once(socket, 'message', { signal: AbortSignal.timeout(5_000) })
}

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'))
  await once(socket, 'open')
  socket.on('error', (error) => failures.push(`websocket: ${error.message}`))
  return socket
}

/** What can't be had is a failure. */
async function tried(what: string, task: Promise<unknown>): Promise<unknown> {
  return task.catch((error: Error) => void failures.push(`${what}: ${error.message}`))
}

let agent = new Agent()
let socket: WebSocket | undefined
for (let rounds = 1; ; rounds += 1) {
  if (renew) {
    renew = false
    agent.destroy()
    agent = new Agent({ keepAlive: true, maxSockets: 1 })
    socket?.close()
    socket = await open()
  }
  const [fresh, kept] = await Promise.all([
    tried('a new connection', nameFrom(false)),
    tried('a kept connection', nameFrom(agent)),
    tried('the websocket', echo(socket as WebSocket)),
  ])
  console.log(JSON.stringify({ fresh, kept, rounds, failures }))
  await delay(10)
}
