// What signals that others send in good faith do, and must not do.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import { Home } from '../support/home.js'
import { accepts, freePorts } from '../support/ports.js'
import { isAlive } from '../support/processes.js'
import { CLI, ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

// SIGUSR2 changes how much is logged: test/log/json.test.ts.
const IGNORED = ['SIGUSR1', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGXFSZ'] as const

t.test('SIGHUP and other signals end nothing, whichever process they reach, and open no debugger', async (t) => {
  const home = await Home.make(t)
  const proxy = await home.start()
  const processes = await proxy.processes()
  t.ok(processes.length >= 3, 'Envoy and two shells')
  const { pid = 0 } = proxy.child
  for (const signal of [...IGNORED, 'SIGHUP', 'SIGUSR2'] as const) process.kill(pid, signal)
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    for (const other of processes) process.kill(other.pid, signal)
  }
  for (const signal of IGNORED) await eventually(() => proxy.output.includes(`${signal} is ignored`), signal)
  await eventually(() => proxy.output.includes('SIGHUP: '), 'SIGHUP')
  await proxy.route('/user/a', home.backend.url)
  t.strictSame(await proxy.processes(), processes)
  t.notMatch(proxy.output, /[Dd]ebugger/)
  t.match((await home.run(['stop'])).output, /^Stopped configurable-envoy-proxy/)
})

t.test('a terminal that is closed ends what was started in it', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const [port = 0, apiPort = 0] = await freePorts(2)
  const args = [
    CLI,
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--api-ip',
    '127.0.0.1',
    '--api-port',
    String(apiPort),
  ]
  // The session of a terminal whose other side is the pipe to us; its end closes the terminal.
  const script =
    'import os, pty, sys\npid, fd = pty.fork()\nif pid == 0: os.execvp(sys.argv[1], sys.argv[1:])\nsys.stdin.read()'
  const env = { ...process.env, XDG_RUNTIME_DIR: runtimeBase, XDG_STATE_HOME: runtimeBase }
  const terminal = spawn('python3', ['-c', script, 'env', '-u', 'NODE_OPTIONS', process.execPath, ...args], {
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const proxy = await ProxyProcess.spawn(['--version'], { runtimeBase })
  await eventually(async () => (await accepts(port)) && (await accepts(apiPort)), 'it serves')
  const running = await proxy.processes()
  terminal.stdin.end()
  await once(terminal, 'exit')
  await eventually(() => running.every(({ pid }) => !isAlive(pid)), 'Envoy and the shells have ended')
  await eventually(async () => !(await accepts(apiPort)), 'and the control plane')
  await delay(0)
})
