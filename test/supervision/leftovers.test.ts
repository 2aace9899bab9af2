// What others take away or keep from the proxy while it runs.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import { PLAIN_NODE } from '../support/environment.js'
import { Home, kill } from '../support/home.js'
import { backendOf } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { endProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const run = promisify(execFile)

t.test('a cleaner of temporary files takes nothing that is needed again', async (t) => {
  const home = await Home.make(t)
  const proxy = await home.start()
  await proxy.route('/user/a', home.backend.url)
  const directory = proxy.runtimeDir
  // systemd-tmpfiles passes over a directory that it can't lock.
  await t.rejects(run('flock', ['-n', directory, 'true']), { code: 1 })
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile()) await rm(join(directory, entry.name))
  }
  const envoy = await proxy.envoyPid()
  await endProcess(envoy)
  await eventually(async () => (await backendOf(proxy.port, '/user/a').catch(() => 0)) === 'a', 'it serves again')
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile()) await rm(join(directory, entry.name))
  }
  await kill(proxy)
  const second = await home.start()
  t.match(second.output, /Took over Envoy/)
  const stopped = await home.run(['stop'])
  t.equal(stopped.output, `Stopped configurable-envoy-proxy ${second.child.pid} and its Envoy\n`)
})

t.test('a runtime directory that is removed as a whole is made again, as at the logout of a user', async (t) => {
  const home = await Home.make(t)
  const proxy = await home.start()
  await proxy.route('/user/a', home.backend.url)
  const envoy = await proxy.envoyPid()
  await rm(proxy.runtimeDir, { recursive: true })
  await endProcess(envoy)
  await eventually(async () => (await backendOf(proxy.port, '/user/a').catch(() => 0)) === 'a', 'it serves again')
  await proxy.route('/user/b', home.backend.url)
  t.equal(await backendOf(proxy.port, '/user/b'), 'a', 'and takes changes')
  t.match(proxy.output, /ads\.sock was removed while it was in use\. Making it again/)
  const stopped = await home.run(['stop'])
  t.equal(stopped.output, `Stopped configurable-envoy-proxy ${proxy.child.pid} and its Envoy\n`)
})

t.test('while there are no files or processes to be had, Envoy is waited for, and that is said', async (t) => {
  const home = await Home.make(t)
  const proxy = await home.start()
  await proxy.route('/user/a', home.backend.url)
  const { pid = 0 } = proxy.child
  const open = (await readdir(`/proc/${pid}/fd`)).length
  // The connection to Envoy and the launcher's end make room for a few, as few as for this.
  await run('prlimit', ['--pid', String(pid), `--nofile=${open - 8}:`])
  const envoy = await proxy.envoyPid()
  await endProcess(envoy)
  const tries = () => proxy.output.match(/Envoy can't be started now: .*EMFILE.*Trying again in/g)?.length ?? 0
  await eventually(() => tries() >= 5, 'it has tried more often than it would an Envoy that ends')
  await run('prlimit', ['--pid', String(pid), '--nofile=1000:'])
  await eventually(async () => (await backendOf(proxy.port, '/user/a').catch(() => 0)) === 'a', 'it serves again')
  t.equal(proxy.child.exitCode, null)
})

t.test('of two starts without a store one serves, the other leaves it alone', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const ports = (await freePorts(2)) as [number, number]
  const options = { runtimeBase, ports }
  const both = await Promise.all([0, 1].map(() => ProxyProcess.spawn(['--storage-backend', 'memory'], options)))
  t.teardown(() => Promise.all(both.map((proxy) => proxy.stop())))
  await eventually(() => both.some(({ child }) => child.exitCode !== null), 'one has ended')
  const loser = both.find(({ child }) => child.exitCode !== null)
  const winner = both.find((proxy) => proxy !== loser)
  t.match(loser?.output, /^error: Another configurable-envoy-proxy already serves this address/m)
  await eventually(() => winner?.output.includes('Proxy API at') ?? false, 'the other has started')
  await winner?.route('/user/a', 'http://127.0.0.1:9')
  await endProcess((await winner?.envoyPid()) ?? 0)
  await winner?.route('/user/b', 'http://127.0.0.1:9')
})

t.test('Envoys that run are watched over from the first moment of a guardian', async (t) => {
  const directory = await temporaryDirectory(t)
  const watched = spawn('sleep', ['1000'], { stdio: 'ignore' })
  t.teardown(() => watched.kill('SIGKILL'))
  await once(watched, 'spawn')
  const source = (name: string) => fileURLToPath(new URL(`../../src/${name}.js`, import.meta.url))
  const script = `
    import { Guardian } from ${JSON.stringify(source('data-plane/embedded/guardian'))}
    import { identify } from ${JSON.stringify(source('platform/processes'))}
    const guardian = new Guardian({ path: ${JSON.stringify(directory)} }, 1, console)
    await guardian.start([identify(${watched.pid})])
    process.kill(process.pid, 'SIGKILL')
  `
  const [node, ...before] = PLAIN_NODE
  const dying = spawn(node, [...before, '--input-type=module', '-e', script], { stdio: 'inherit' })
  t.strictSame(await once(dying, 'exit'), [null, 'SIGKILL'])
  const [, signal] = await once(watched, 'exit')
  t.equal(signal, 'SIGTERM')
})
