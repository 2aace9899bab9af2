import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

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
    t.match(second.output, / info: configurable-envoy-proxy \d+\.\d+\.\d+ on Node\.js \d+\.\d+\.\d+\n/)
    t.match(second.output, / info: Envoy \d+\.\d+\.\d+ is \//)
    t.match(second.output, new RegExp(`info: Routes are kept in ${runtimeBase}/.*, 4 restored\\n`))
    await eventually(() => second.output.includes('Proxying '), 'it says that it serves')
    t.match(second.output, /Proxying http:\/\/127\.0\.0\.1:\d+ to http:\/\/127\.0\.0\.1:6\n/, 'the stored default')
    t.match(first.output, / info: Adding route \/user\/a@b -> http:\/\/127\.0\.0\.1:1\/\n/)
    t.match(first.output, / info: Route added \/user\/a@b -> http:\/\/127\.0\.0\.1:1\/\n/)
    t.match(first.output, / info: Removing route \/gone\n/)
    t.strictSame(Object.keys(before).sort(), ['/', '/changed', '/user/a@b', long].sort())
  })
}

t.test('a host has one route however its case is written, also after a restart', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const first = await ProxyProcess.start(['--host-routing'], { runtimeBase })
  t.teardown(() => first.stop())
  for (const host of ['Kept.example', 'kept.example', 'KEPT.example'])
    await first.route(`/${host}/a`, `http://${host}:1`)
  for (const host of ['Gone.example', 'gone.example']) await first.route(`/${host}/a`, `http://${host}:1`)
  t.equal((await first.api('DELETE', '/GONE.example/a')).status, 204)
  first.child.kill('SIGKILL')
  await first.exit()
  const second = await ProxyProcess.start(['--host-routing'], { runtimeBase, ports: [first.port, first.apiPort] })
  t.teardown(() => second.stop())
  const table = (await (await second.api('GET', '')).json()) as Record<string, { target: string }>
  t.strictSame(
    Object.entries(table).map(([routespec, { target }]) => [routespec, target]),
    [['/KEPT.example/a', 'http://KEPT.example:1']],
  )
})

t.test('--default-target takes the place of what is stored for the whole site, and is stored', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const first = await ProxyProcess.start([], { runtimeBase })
  await first.route('/', 'http://127.0.0.1:1', { jupyterhub: true })
  await first.stop()
  const options = { runtimeBase, ports: [first.port, first.apiPort] as const }
  const root = async (args: readonly string[]) => {
    const proxy = await ProxyProcess.start(args, options)
    t.teardown(() => proxy.stop())
    const { last_activity: _, ...route } =
      ((await (await proxy.api('GET', '')).json()) as Record<string, Record<string, unknown>>)['/'] ?? {}
    await proxy.stop()
    return route
  }
  t.strictSame(await root([]), { target: 'http://127.0.0.1:1', jupyterhub: true })
  t.strictSame(await root(['--default-target', 'http://127.0.0.1:2']), { target: 'http://127.0.0.1:2' })
  t.strictSame(await root([]), { target: 'http://127.0.0.1:2' })
})
