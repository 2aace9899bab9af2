import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { WebSocket } from 'ws'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import { ObedientServer } from './server.js'
import { add, allCounted, firstReport, LATE_MS, lastActivity, untilActive } from './watch.js'

const server = await ObedientServer.start()
const proxy = await ProxyProcess.start()
t.teardown(async () => {
  await proxy.stop()
  await server.stop()
})
await firstReport(proxy, server.url)

// They mostly wait for Envoy's next report.
t.jobs = 5

t.test(
  'a slow upload and a websocket count whenever they bring something, while they last',
  { buffered: true },
  async (t) => {
    await Promise.all(['/upload', '/socket'].map((key) => add(proxy, key, server.url)))
    const upload = request({ port: proxy.port, path: '/upload/file', method: 'PUT', agent: false })
    const answer = once(upload, 'response')
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/socket`)
    await once(socket, 'open')
    for (let part = 0; part < 2; part += 1) {
      const before = await lastActivity(proxy)
      upload.write('part')
      socket.send('data')
      await untilActive(proxy, ['/upload', '/socket'], before)
    }

    const before = await lastActivity(proxy)
    await allCounted(proxy, server.url)
    const after = await lastActivity(proxy)
    t.equal(after.get('/socket'), before.get('/socket'), 'idle, it does not count')
    t.equal(after.get('/upload'), before.get('/upload'))
    socket.terminate()
    upload.end()
    await answer
    await untilActive(proxy, ['/upload'], before)
  },
)

t.test('the end of an idle websocket does not count', { buffered: true }, async (t) => {
  await add(proxy, '/dropped', server.url)
  const before = await lastActivity(proxy)
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/dropped`)
  await once(socket, 'open')
  socket.send('data')
  await untilActive(proxy, ['/dropped'], before)
  const seen = (await lastActivity(proxy)).get('/dropped')
  socket.terminate()
  await allCounted(proxy, server.url)
  t.equal((await lastActivity(proxy)).get('/dropped'), seen)
})

t.test('inactiveSince leaves out who was active since, no more than 5 s late', { buffered: true }, async (t) => {
  await Promise.all(['/busy', '/idle'].map((key) => add(proxy, key, server.url)))
  await delay(2) // so that the routes are older than this, by the clock's millisecond
  const moment = new Date().toISOString()
  const idleSince = async () =>
    Object.keys((await (await proxy.api('GET', `?inactiveSince=${moment}`)).json()) as object)
  for (const key of ['/busy', '/idle']) t.ok((await idleSince()).includes(key))
  await ask(proxy.port, '/busy')
  await eventually(async () => !(await idleSince()).includes('/busy'), '/busy is seen to be active')
  const late = Date.parse((await lastActivity(proxy)).get('/busy') ?? '') - Date.parse(moment)
  t.ok(late >= 0 && late < LATE_MS, `${late} ms after the request`)
  t.ok((await idleSince()).includes('/idle'))
})

t.test('a route that was deleted stays so, and one that is added again counts anew', { buffered: true }, async (t) => {
  await add(proxy, '/again', server.url)
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/again`)
  await once(socket, 'open')
  await proxy.api('DELETE', '/again')
  socket.send('data')
  await allCounted(proxy, server.url)
  t.equal((await proxy.api('GET', '/again')).status, 404)
  socket.terminate()
  await add(proxy, '/again', server.url)
  const before = await lastActivity(proxy)
  await ask(proxy.port, '/again')
  await untilActive(proxy, ['/again'], before)
})
