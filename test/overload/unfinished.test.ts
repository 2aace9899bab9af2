import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import type { StreamsInput } from '../support/flood.js'
import { floodOfStreams } from '../support/flood.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

/** More than the heap holds if each keeps what it sends. */
const FLOOD = { connections: 25, streams: 100 }
const MANY = FLOOD.connections * FLOOD.streams

const login = { ':method': 'POST', ':path': '/hub/login' }
const largeHeaders = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x-${index}`, 'a'.repeat(1000)]))

interface Case extends Pick<StreamsInput, 'headers' | 'body' | 'trickle'> {
  readonly name: string
  readonly maxHeap: number
  /** What most of them get. */
  readonly status: number
}

const cases: Case[] = [
  {
    name: 'bodies of which a byte comes now and then',
    headers: { ...login, 'content-length': 60_000 },
    body: Buffer.alloc(40_000),
    trickle: 'a',
    maxHeap: 100,
    status: 503,
  },
  {
    name: 'large headers before a body that never comes',
    headers: { ...login, 'content-length': 10, ...largeHeaders },
    maxHeap: 100,
    status: 503,
  },
  {
    name: 'large headers that should have no body, and never end',
    headers: { ':method': 'GET', ':path': '/hub/login', ...largeHeaders },
    maxHeap: 100,
    status: 503,
  },
]

for (const { name, maxHeap, status, ...flood } of cases) {
  t.test(name, async (t) => {
    // Reads a request to its end, as a hub does.
    const read: RequestListener = async (incoming, response) => response.end(String((await text(incoming)).length))
    const hub = await Backend.start('hub', read)
    const args = ['--max-heap', String(maxHeap), '--workers', '1', '--default-target', hub.url]
    const proxy = await ProxyProcess.start(args)
    t.teardown(() => Promise.all([proxy.stop(), hub.stop()]))
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/`)
    t.teardown(() => socket.terminate())
    await once(socket, 'open')
    const upload = request({ port: proxy.port, method: 'PUT', path: '/file', agent: false })
    t.teardown(() => upload.destroy())
    upload.write('a'.repeat(100_000))

    let isFlooded = false
    const statuses = new Map<number | string | undefined, number>()
    const visits = async () => {
      do {
        for (const method of ['GET', 'POST', 'PUT']) {
          const body = method === 'GET' ? undefined : 'a'.repeat(method === 'PUT' ? 100_000 : 30)
          const seen = await ask(proxy.port, '/hub/login', { method }, body).then(
            (answer) => answer.status,
            (error: Error) => error.message,
          )
          statuses.set(seen, (statuses.get(seen) ?? 0) + 1)
        }
      } while (!isFlooded)
    }
    const visited = visits()
    const held = await floodOfStreams({ url: proxy.url, ...FLOOD, ...flood })
    t.teardown(() => held.stop())
    await eventually(() => held.answered(status) > MANY / 2, 'most of the flood are ended', 30_000)
    isFlooded = true
    await visited
    if (status === 503)
      t.match(proxy.output, /503 (GET|POST) \/hub\/login too many unfinished requests/, 'the log says why')
    t.strictSame([...statuses.keys()], [200], `of ${[...statuses.values()]} requests of others`)

    socket.send('hello')
    t.equal(String((await once(socket, 'message'))[0]), 'hello', 'an open websocket goes on')
    upload.end('a')
    const [response] = await once(upload, 'response')
    t.equal(await text(response), '100001', 'and so does an upload')
  })
}
