import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { ExternalEnvoy } from '../support/external-envoy.js'
import { Home } from '../support/home.js'
import { ask } from '../support/http.js'
import { eventually } from '../support/wait.js'

t.test('an external Envoy writes its access log to its own standard output, or to a file where it runs', async (t) => {
  const home = await Home.make(t)
  const xds = ['--xds-address', `unix:${join(home.runtimeBase, 'ads.sock')}`]
  const bootstrap = ['--mode', 'sidecar', ...xds, '--node-id', 'sidecar']
  const at = { port: home.ports[0] }
  const envoy = await ExternalEnvoy.make(t, { directory: join(home.runtimeBase, 'envoy'), at, bootstrap })
  const proxy = await home.start(['--envoy-mode', 'external', ...xds, '--access-log', '-'])
  await proxy.route('/user/a', home.backend.url, { user: 'alice' })
  await envoy.serve()
  await ask(proxy.port, '/user/a/lab?token=secret')
  await ask(proxy.port, '/nowhere?next=secret')
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/user/a/ws?token=secret`)
  await once(socket, 'open')
  socket.close()
  const lines = () => envoy.output.split('\n').filter((line) => line.startsWith('{'))
  await eventually(() => lines().length === 4, 'three requests, and a line about the one that failed')
  const written = lines().map((line) => JSON.parse(line) as Record<string, unknown>)
  const withStatus = (status: number) => written.find((line) => line.status === status && 'client' in line)
  t.match(withStatus(200), { path: '/user/a/lab', route: '/user/a', user: 'alice', query: '***' })
  t.match(withStatus(404), { path: '/nowhere', route: '-', query: '***', failure: 'no_route' })
  t.match(withStatus(101), { path: '/user/a/ws', query: '***', websocket: true })
  t.notMatch(envoy.output, 'secret')
  t.notMatch(proxy.output, '/user/a/lab', 'the control plane has no part in it')
})
