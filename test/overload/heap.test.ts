import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
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
