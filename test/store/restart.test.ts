import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import { ProxyProcess } from '../support/proxy.js'

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  t.test(`a proxy that ended by ${signal} has its routes again at the next start`, async (t) => {
    const runtimeBase = await temporaryDirectory(t)
    const first = await ProxyProcess.start([], { runtimeBase })
    t.teardown(() => first.stop())
    const long = `/user/${'x'.repeat(4000)}`
    const data = { jupyterhub: true, user: 'ö', nested: { list: [1, null, 'x'] }, __proto__: { no: 1 } }
    await first.route('/user/a%40b', 'http://127.0.0.1:1/', data)
    await first.route(long, 'http://127.0.0.1:2')
    await first.route('/changed', 'http://127.0.0.1:3', { was: 'there' })
    await first.route('/changed', 'http://127.0.0.1:4')
    await first.route('/gone', 'http://127.0.0.1:5')
    t.equal((await first.api('DELETE', '/gone')).status, 204)
    await first.route('/', 'http://127.0.0.1:6')
    const before = (await (await first.api('GET', '')).json()) as object
    first.child.kill(signal)
    await first.exit()
    const second = await ProxyProcess.start([], { runtimeBase, ports: [first.port, first.apiPort] })
    t.teardown(() => second.stop())
    t.strictSame(await (await second.api('GET', '')).json(), before, 'with all that was posted')
    t.strictSame(Object.keys(before).sort(), ['/', '/changed', '/user/a@b', long].sort())
  })
}
