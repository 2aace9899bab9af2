import { Agent } from 'node:http'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { ask, backendOf } from '../support/http.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { RawConnection } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

const backend = await Backend.start('backend')
const proxy = await ProxyProcess.start()
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
await proxy.route('/', backend.url)

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
t.teardown(() => agent.destroy())
const hub = { agent, headers: { authorization: `token ${TOKEN}` } }

t.test('who tries tokens in a loop fills no log', async (t) => {
  const TRIES = 2_000
  for (let turn = 0; turn < TRIES / 50; turn += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(proxy.apiPort, '/api/routes')))
    t.ok(answers.every(({ status }) => status === 403))
  }
  const lines = () => proxy.output.match(/403 GET \/api\/routes/g)?.length ?? 0
  const counted = () =>
    [...proxy.output.matchAll(/and (\d+) more like it/g)].reduce((sum, [, more]) => sum + Number(more), lines())
  await eventually(() => counted() === TRIES, 'every try is in the log, as a number')
  t.ok(lines() < TRIES / 20, `${lines()} lines`)
})

t.test('nor does who asks for what is not there, however long its name', async (t) => {
  const begun = proxy.output.length
  const path = `/${'x'.repeat(10_000)}`
  const get = (at: string, method = 'GET') => ask(proxy.apiPort, at, { method })
  for (let turn = 0; turn < 20; turn += 1) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? get(path) : get(`/api/routes${path}`, 'PUT'))),
    )
    t.ok(answers.every(({ status }) => status === 404 || status === 405))
  }
  t.match(
    proxy.output.slice(begun),
    /warn: 40\d (GET|PUT) \/[^\n]*\.\.\. \(100\d\d characters\)/,
    'it is said, and cut',
  )
  t.ok(proxy.output.length - begun < 20_000, `${proxy.output.length - begun} characters`)
})

t.test('a flood of connections to the REST API is cut, and hurts neither the hub nor users', async (t) => {
  t.equal((await ask(proxy.apiPort, '/api/routes', hub)).status, 200)
  const flood = await RawConnection.openMany(2_200, proxy.apiPort)
  t.teardown(() => flood.forEach((connection) => void connection.end()))
  await eventually(() => flood.filter(({ isClosed }) => !isClosed).length < 2_000, 'only so many stay')
  t.equal((await ask(proxy.apiPort, '/api/routes', hub)).status, 200, 'the hub goes on')
  t.equal((await proxy.api('GET', '')).status, 200, 'also by a new connection')
  t.equal(await backendOf(proxy.port, '/'), 'backend')
  await eventually(() => /The REST API has 2000 connections/.test(proxy.output), 'the operator is told')
  for (const connection of flood) connection.end()
  await eventually(async () => (await proxy.api('GET', '')).status === 200, 'and others are served again')
})
