import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import { Home, kill } from '../support/home.js'
import { withoutMounts } from '../support/name-service.js'
import { freePorts } from '../support/ports.js'
import { endProcess, isAlive } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

t.test('an Envoy that nobody comes back for ends after the orphan timeout', async (t) => {
  const home = await Home.make(t)
  const first = await home.start(['--orphan-timeout', '1'])
  const envoy = await first.envoyPid()
  await kill(first)
  t.ok(isAlive(envoy))
  await eventually(async () => (await first.processes()).length === 0, 'Envoy and its guardian have ended')

  const second = await home.start(['--orphan-timeout', '60'])
  const kept = await second.envoyPid()
  await kill(second)
  const third = await home.start(['--orphan-timeout', '0'])
  t.equal(await third.envoyPid(), kept)
  await eventually(async () => (await third.processes('guardian')).length === 0, 'the guardian of before has ended')
  t.ok(isAlive(kept), 'and Envoy has not')
})

t.test('stop ends what runs, or what was left behind, and says so', async (t) => {
  const home = await Home.make(t)
  const first = await home.start()
  const stopped = await home.run(['stop'])
  t.equal(stopped.output, `Stopped configurable-envoy-proxy ${first.child.pid} and its Envoy\n`)
  t.strictSame(await first.exit(), { code: 0, signal: null })
  t.strictSame(await first.processes(), [])

  const second = await home.start()
  const envoy = await second.envoyPid()
  await kill(second)
  t.equal((await home.run(['stop'])).output, `Stopped Envoy ${envoy}, whose control plane had died\n`)
  t.strictSame(await first.processes('envoy'), [])
  const last = await home.run(['stop'])
  t.match(last.output, /^There is nothing to stop/)
  t.strictSame(await last.exit(), { code: 0, signal: null })
})

t.test('stop with other options names the proxies that run, and fails if one of them has the port', async (t) => {
  const home = await Home.make(t)
  const { runtimeBase, ports } = home
  const first = await home.start()
  const stop = async (args: readonly string[]) => {
    const stopped = await ProxyProcess.spawn(args, { runtimeBase, ports })
    return { ...(await stopped.exit()), output: stopped.output }
  }
  const at = `serves 127.0.0.1:${first.port}`
  const meant = await stop(['stop', '--ip', '127.0.0.2'])
  t.equal(meant.code, 1)
  t.match(
    meant.output,
    `Nothing runs with these options, but this user runs configurable-envoy-proxy ${first.child.pid}, which ${at}. `,
  )
  const other = await stop(['stop', '--port', String(first.apiPort)])
  t.equal(other.code, 0, 'nothing has that port, so all is as it is wanted')
  t.match(other.output, `configurable-envoy-proxy ${first.child.pid}, which ${at}. `)
  t.ok(isAlive(first.child.pid ?? 0))

  const envoy = await first.envoyPid()
  await kill(first)
  const orphaned = await stop(['stop'])
  t.equal(orphaned.code, 1)
  t.match(orphaned.output, `Envoy ${envoy}, whose control plane has died and which ${at}. `)
  process.kill(envoy)
  await eventually(async () => (await first.processes()).length === 0, 'what the hint says ends it')
  t.match(await stop(['stop']), { code: 0, output: /^There is nothing to stop/ })
})

t.test('stop --forget removes the routes too, and says where they were', async (t) => {
  const home = await Home.make(t)
  const first = await home.start()
  await first.route('/kept', 'http://127.0.0.1:1')
  await home.run(['stop'])
  const second = await home.start()
  t.equal((await second.api('GET', '/kept')).status, 200, 'stop alone keeps them')
  const forgotten = await home.run(['stop', '--forget'])
  t.match(forgotten.output, /^Stopped [^\n]+\nRemoved the routes in \/[^\n]+\n$/)
  t.strictSame(await forgotten.exit(), { code: 0, signal: null })
  const third = await home.start()
  t.equal((await third.api('GET', '/kept')).status, 404)
  await home.run(['stop'])
  t.match((await home.run(['stop', '--forget'])).output, /There are no routes to remove/)
})

/** A directory of its own in the place of one that others see too, as a container has it; then the command that follows. */
const IN_CONTAINER = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"']

t.test('a proxy in a container is not the one that stop means on the host', { skip: withoutMounts() }, async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const ports = (await freePorts(2)) as [number, number]
  const container = { runtimeBase, ports, before: [...IN_CONTAINER, runtimeBase] }
  const proxy = await ProxyProcess.start([], container)
  t.teardown(() => proxy.stop())
  const envoy = await proxy.envoyPid()
  t.teardown(() => endProcess(envoy))
  const stopped = async () => {
    const run = await ProxyProcess.spawn(['stop'], { runtimeBase, ports })
    await run.exit()
    return run.output
  }
  t.match(await stopped(), /^There is nothing to stop/)
  t.equal(proxy.child.exitCode, null)
  await kill(proxy)
  t.match(await stopped(), /^There is nothing to stop/)
  t.ok(isAlive(envoy))
  t.equal((await proxy.processes('guardian')).length, 1, 'nor is its guardian ended')
})
