import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import autocannon from 'autocannon'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { startBackend } from '../support/backend-process.js'
import { ask, askAll } from '../support/http.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { RawConnection } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

const PATHS = Array.from({ length: 1_000 }, (_, index) => `/user/${index}`)
const headers = { authorization: `token ${TOKEN}` }

/** Users at a steady rate on old and new connections. What this process does delays neither them nor their server. */
const USERS = {
  connections: 20,
  overallRate: 200,
  reconnectRate: 5,
  duration: 2,
  workers: 1,
  requests: PATHS.filter((_path, index) => index % 20 === 0).map((path) => ({ path })),
} as const

const user = await startBackend()
// So that a request which falls to the route above is one that failed.
const fallback = await Backend.start('hub', (_incoming, response) => response.writeHead(418).end('hub'))
const proxy = await ProxyProcess.start()
t.teardown(() => Promise.all([proxy.stop(), user.stop(), fallback.stop()]))
await proxy.route('/', fallback.url)
let turns = 0

/** The status of a POST of a route, on a connection of its own, with something in it that is new. */
async function add(path: string): Promise<number> {
  const body = JSON.stringify({ target: user.url, turn: turns++ })
  return (await ask(proxy.apiPort, `/api/routes${path}`, { method: 'POST', headers }, body)).status
}

/** Adds all, so many at a time; all must succeed. */
async function addAll(atATime: number): Promise<void> {
  const left = PATHS.values()
  const work = async () => {
    for (const path of left) {
      const status = await add(path)
      if (status !== 201) throw new Error(`POST ${path}: ${status}`)
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
}

/** The hub at its usual work, on new connections as it does it; what each call took, in milliseconds. */
async function hubAtWork(isOver: () => boolean): Promise<number[]> {
  const took: number[] = []
  const call = async (method: string, path: string, expected: number, body?: string) => {
    const begun = performance.now()
    const answer = await ask(proxy.apiPort, `/api/routes${path}`, { method, headers }, body)
    took.push(performance.now() - begun)
    if (answer.status !== expected) throw new Error(`the hub's ${method} ${path}: ${answer.status}`)
    return answer.body
  }
  const leadsTo = async (expected: string) => {
    const { body } = await ask(proxy.port, '/mine/x')
    if (body !== expected) throw new Error(`/mine/x led to ${body}, not ${expected}`)
  }
  while (!isOver()) {
    const table = JSON.parse(await call('GET', '', 200)) as object
    const missing = PATHS.filter((path) => !(path in table))
    if (missing.length > 0) throw new Error(`the table lacks ${missing.length} routes`)
    await call('POST', '/mine', 201, JSON.stringify({ target: user.url }))
    await leadsTo('ok')
    await call('DELETE', '/mine', 204)
    await leadsTo('hub')
    await delay(50)
  }
  return took
}

/**
 * Has users and the hub work while somebody does something else, which must end soon after they have.
 *
 * @returns what that was worth to whoever did it
 */
async function during<T>(t: Tap, what: string, lie: (isOver: () => boolean) => Promise<T>): Promise<T> {
  let over = false
  const isOver = () => over
  const users = autocannon({ ...USERS, url: proxy.url }).then((result) => {
    over = true
    return result
  })
  const [{ latency, ...result }, calls, lies] = await Promise.all([users, hubAtWork(isOver), lie(isOver)])
  const { errors, timeouts, non2xx, resets } = result
  t.strictSame({ errors, timeouts, non2xx, resets }, NONE, `users: none of ${result['2xx']} failed`)
  t.ok(result['2xx'] > (USERS.overallRate * USERS.duration) / 2, 'they were there')
  calls.sort((one, other) => one - other)
  const percentile = (share: number) => calls[Math.ceil(calls.length * share) - 1]?.toFixed(0)
  t.comment(
    `${what}: users (ms) p50 ${latency.p50}, p97.5 ${latency.p97_5}, p99 ${latency.p99}, max ${latency.max}; ` +
      `${calls.length} calls of the hub p50 ${percentile(0.5)}, p99 ${percentile(0.99)}, max ${percentile(1)}`,
  )
  return lies
}
const NONE = { errors: 0, timeouts: 0, non2xx: 0, resets: 0 }
type Tap = {
  ok(a: unknown, b: string): unknown
  strictSame(a: unknown, b: unknown, c: string): unknown
  comment(a: string): unknown
}

/** Repeats it as long as the users are at work; how often that was. */
function again(lie: () => Promise<unknown>): (isOver: () => boolean) => Promise<number> {
  return async (isOver) => {
    let times = 0
    for (; !isOver(); times += 1) await lie()
    return times
  }
}

await addAll(10)

t.test('users and the hub fare well undisturbed, to compare with', async (t) => {
  await during(t, 'undisturbed', async () => {})
})

for (const atATime of [10, 1_000]) {
  t.test(`a hub adds all its routes again and again, ${atATime} at a time`, async (t) => {
    const times = await during(
      t,
      `${atATime} at a time`,
      again(() => addAll(atATime)),
    )
    t.comment(`${times * PATHS.length} routes added`)
    t.ok(times > 0)
    t.ok(
      (await askAll(proxy.port, PATHS)).every(({ body }) => body === 'ok'),
      'every route answers',
    )
  })
}

t.test('a client that polls with a wrong token in a tight loop disturbs nobody', async (t) => {
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const poll = async () => {
    const wrong = { agent, headers: { authorization: 'token wrong' } }
    if ((await ask(proxy.apiPort, '/api/routes', wrong)).status !== 403) throw new Error('let in')
  }
  const polls = await during(t, 'wrong token', async (isOver) => {
    const counts = await Promise.all(Array.from({ length: 16 }, () => again(poll)(isOver)))
    return counts.reduce((sum, count) => sum + count, 0)
  })
  t.comment(`${polls} polls`)
  t.ok(polls > 100)
})

t.test('clients that stall in the middle of a body disturb nobody, and are cut', async (t) => {
  const request = (token: string) =>
    `POST /api/routes/stalled HTTP/1.1\r\nHost: x\r\nAuthorization: token ${token}\r\nContent-Length: 100\r\n\r\n{"tar`
  const clients = [
    ...(await RawConnection.openMany(450, proxy.apiPort, request(TOKEN))),
    ...(await RawConnection.openMany(450, proxy.apiPort, request('wrong'))),
  ]
  t.teardown(() => clients.forEach((client) => void client.end()))
  t.ok(
    clients.slice(0, 450).some(({ status, isClosed }) => status === undefined && !isClosed),
    'they are there',
  )
  await during(t, 'stalled', async () => {})
  t.ok(clients.slice(450).every(({ status }) => status === 403))
  const begun = performance.now()
  await eventually(() => clients.every(({ isClosed }) => isClosed), 'all were cut')
  t.comment(`cut ${((performance.now() - begun) / 1000).toFixed(1)} s later`)
  t.ok(
    clients.slice(0, 450).every(({ status }) => status === 408),
    'and told why',
  )
})
