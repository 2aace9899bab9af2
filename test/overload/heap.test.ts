import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import type { Flood } from '../support/flood.js'
import { floodOfStreams } from '../support/flood.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { RawConnection, upgradeRequest } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

t.test('before the heap is full requests get 503, and what is open goes on', async (t) => {
  const backend = await Backend.start('backend')
  const proxy = await ProxyProcess.start(['--max-heap', '48', '--workers', '1'])
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await proxy.route('/alice', backend.url)
  await proxy.route('/bob', backend.url)
  const bob = new WebSocket(`ws://127.0.0.1:${proxy.port}/bob`)
  t.teardown(() => bob.terminate())
  await once(bob, 'open')

  const alice: RawConnection[] = []
  t.teardown(() => alice.forEach((connection) => void connection.end()))
  const isRefused = ({ status }: RawConnection) => status === 503
  for (let turn = 0; turn < 200 && !alice.some(isRefused); turn += 1) {
    const more = await RawConnection.openMany(10, proxy.port, upgradeRequest('/alice'))
    await Promise.all(more.map((connection) => connection.answered()))
    alice.push(...more)
  }
  const refused = alice.find(isRefused)
  t.match(refused?.received, /^retry-after: 10\r$/im, `after ${alice.length} websockets`)

  const { status, headers, body } = await ask(proxy.port, '/bob')
  t.equal(status, 503)
  t.equal(headers['retry-after'], '10')
  t.match(body, /<!DOCTYPE html>/, 'with a page')
  bob.send('hello')
  t.equal(String((await once(bob, 'message'))[0]), 'hello', 'an open websocket goes on')
  const health = await ask(proxy.port, '/_chp_healthz')
  t.equal(health.status, 200, 'the health check is not refused')
  t.equal(health.headers['content-type'], 'application/json')
  t.equal(health.body, '{"status":"OK"}')
  t.equal((await ask(proxy.port, '/_chp_healthz?a')).status, 503, 'what only resembles it is')
  await proxy.route('/carol', backend.url)
  t.equal((await proxy.api('DELETE', '/carol')).status, 204, 'the REST API goes on, to Envoy and back')

  for (const connection of alice) connection.end()
  await eventually(async () => (await ask(proxy.port, '/bob')).status === 200, 'bob is served again')
})

t.test('uploads that no one takes are ended before others are refused', async (t) => {
  const deaf = createServer((socket) => void socket.pause().on('error', () => {}))
  // A unix socket, in which little waits.
  const directory = await mkdtemp(join(tmpdir(), 'cep-'))
  const path = join(directory, 'deaf.sock')
  await once(deaf.listen(path), 'listening')
  const backend = await Backend.start('backend')
  const proxy = await ProxyProcess.start(['--max-heap', '100', '--workers', '1'])
  await proxy.route('/alice', `http+unix://${encodeURIComponent(path)}`)
  await proxy.route('/bob', backend.url)

  const floods: Flood[] = []
  t.teardown(async () => {
    for (const flood of floods) flood.stop()
    deaf.close()
    await Promise.all([proxy.stop(), backend.stop(), rm(directory, { recursive: true })])
  })
  const upload = { headers: { ':method': 'PUT', ':path': '/alice' }, body: Buffer.alloc(4 * 1024 * 1024) }
  const bobs = new Map<number, number>()
  for (let turn = 0; turn < 30; turn += 1) {
    floods.push(await floodOfStreams({ url: proxy.url, connections: 1, streams: 2, ...upload }))
    for (let request = 0; request < 3; request += 1) {
      const { status } = await ask(proxy.port, '/bob')
      bobs.set(status, (bobs.get(status) ?? 0) + 1)
    }
    // As much as comes through a fast line.
    await delay(100)
  }
  const open = floods.reduce((sum, flood) => sum + flood.open, 0)
  t.ok(open < 30, `more than half of 60 have been ended, ${open} are left`)
  t.strictSame([...bobs.keys()], [200], `of ${[...bobs.values()]} requests of another user`)
})
