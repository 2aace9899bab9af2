import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { Home } from '../support/home.js'
import { ask, backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { tcpEnds } from '../support/tcp-timers.js'

t.test('the kernel asks silent peers on both sides whether they are still there', async (t) => {
  const backend = await Backend.start('a')
  const proxy = await ProxyProcess.start()
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await proxy.route('/user/a', backend.url)
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/user/a`)
  await once(socket, 'open')
  const silent = connect(proxy.port, '127.0.0.1')
  await once(silent, 'connect')
  t.teardown(() => {
    socket.terminate()
    silent.destroy()
  })

  // Until it has answered for what was sent last, the kernel waits for that.
  const ends = await tcpEnds()
  const users = ends.filter(({ localPort }) => localPort === proxy.port)
  const target = ends.filter(({ remotePort }) => remotePort === backend.port)
  t.equal(users.length, 2)
  t.equal(target.length, 1)
  for (const { asksIn } of [...users, ...target]) t.ok(asksIn !== undefined && asksIn > 30 && asksIn <= 60, `${asksIn}`)
})

t.test('unix sockets serve as ever, on both sides', async (t) => {
  const home = await Home.make(t)
  const path = join(home.runtimeBase, 'b.sock')
  const backend = await Backend.start('b', undefined, path)
  t.teardown(() => backend.stop())
  const at = { socketPath: join(home.runtimeBase, 'public.sock') }
  const proxy = await home.start(['--socket', at.socketPath])
  await proxy.route('/user/b', `http+unix://${encodeURIComponent(path)}`)
  t.equal(await backendOf(0, '/user/b', at), 'b')
  t.equal((await ask(0, '/nobody', at)).status, 404)
})
