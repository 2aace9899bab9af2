import type { IncomingMessage } from 'node:http'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import t from 'tap'
import { serveApi } from '../../src/api/server.js'
import type { Route } from '../../src/routing/route.js'
import { freePorts } from '../support/ports.js'
import { TestStore } from './store.js'
import { TOKEN, textOf, World } from './world.js'

const TARGET = 'http://127.0.0.1:1'
const AT = Date.parse('2026-01-02T03:04:05.678Z')
const ROUTES = 4_000
/** So large that the kernel doesn't take the whole table from a proxy whose client doesn't read. */
const MORE = 'x'.repeat(2_500)

function route(routespec: string, fields: object = {}, at = AT): Route {
  return { routespec, data: { target: TARGET, ...fields }, lastActivity: new Date(at) }
}

/** A world with many routes, and its REST API on a port. */
async function startLarge(t: { teardown(fn: () => unknown): unknown }) {
  const routes = Array.from({ length: ROUTES }, (_, index) => route(`/user/${index}`, { more: MORE }, AT + index))
  const world = await World.start(t, { store: new TestStore(routes) })
  const envoy = await world.envoy()
  const [port = 0] = await freePorts(1)
  const log = pino({ level: 'silent' })
  const at = { host: '127.0.0.1', port }
  t.teardown(
    await serveApi({ api: world.api, at, token: TOKEN, maxConnections: 100, tls: undefined, log, onAnswer: () => {} }),
  )
  return { world, envoy, port }
}

/** Asks for the table; resolves when the head of the answer is there. */
function askTable(port: number, query = ''): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `token ${TOKEN}` }
    request({ host: '127.0.0.1', port, path: `/api/routes${query}`, headers }, resolve)
      .on('error', reject)
      .end()
  })
}

t.test('the table is shown as if it were written in one go', async (t) => {
  const routes = [
    route('/', { jupyterhub: true }),
    route('/__proto__'),
    route('/quote"\\', { 秀: ['樹', null], nested: { a: 1.5 } }),
    route('/own', { last_activity: 'mine', rejected: 'mine' }),
    route('/unusable', { target: 'nonsense' }),
  ]
  const world = await World.start(t, { store: new TestStore(routes) })
  const answer = await world.ask('GET', '/api/routes')
  const entries = routes.map(({ routespec, data }) => [
    routespec,
    {
      ...data,
      last_activity: '2026-01-02T03:04:05.678Z',
      ...(routespec === '/unusable' && {
        rejected: world.core.table.refusalOf(routespec),
      }),
    },
  ])
  t.equal(await textOf(answer), JSON.stringify(Object.fromEntries(entries)))
  t.equal(answer.type, 'application/json; charset=utf-8')
  t.equal((await World.start(t).then((empty) => empty.call('GET', '').answered)).body, '{}')
})

t.test('the table is that of the moment in which it was asked for, whatever changes until it is read', async (t) => {
  const { world, port } = await startLarge(t)
  const answer = await askTable(port)
  const last = `/user/${ROUTES - 1}`
  t.equal((await world.delete('/user/0').answered).status, 204)
  t.equal((await world.delete(last).answered).status, 204)
  t.equal((await world.post(last, 'http://127.0.0.1:2').answered).status, 201)
  t.equal((await world.post('/new', TARGET).answered).status, 201)
  const body = await text(answer)
  const table = JSON.parse(body) as Record<string, { target: string }>
  t.equal(Object.keys(table).length, ROUTES)
  t.equal(body.split(`"${last}":`).length, 2, 'each route once')
  t.equal(table[last]?.target, TARGET)
  t.notOk('/new' in table)
  t.ok('/new' in (JSON.parse(await text(await askTable(port))) as object), 'who asks then gets what there is then')
})

t.test('who asks for the routes that were idle gets none that was in use by the time it is shown', async (t) => {
  const { world, port } = await startLarge(t)
  const answer = await askTable(port, `?inactive_since=${new Date(AT + ROUTES - 1).toISOString()}`)
  world.core.table.touch(`/user/${ROUTES - 2}`, new Date(AT + ROUTES))
  const names = Object.keys(JSON.parse(await text(answer)) as object)
  t.equal(names.length, ROUTES - 2)
  t.equal(names.at(-1), `/user/${ROUTES - 3}`)
})

t.test('others get their turn while the table is written', async (t) => {
  const { port } = await startLarge(t)
  const answer = await askTable(port)
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const { length } = await text(answer)
  isOver = true
  t.ok(turns >= length / (128 * 1024), `${turns} turns for ${length} bytes`)
})

t.test('a client that goes away in the middle of the table ends that', async (t) => {
  const { world, port } = await startLarge(t)
  const answer = await askTable(port)
  const closed = new Promise((resolve) => answer.once('close', resolve))
  answer.on('error', () => {}).destroy()
  await closed
  t.equal((await world.post('/new', TARGET).answered).status, 201)
  t.notOk(world.log.some((line) => line.startsWith('error')))
})
