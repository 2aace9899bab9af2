import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import type { Echo } from '../support/backend.js'
import { Backend } from '../support/backend.js'
import { commandLine } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { ask } from '../support/http.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const AUTHORIZATION = { authorization: `token ${TOKEN}` }

t.test('users, the hub and Prometheus can all come by unix sockets', async (t) => {
  const directory = await temporaryDirectory(t)
  const [socket, apiSocket, metricsSocket] = ['proxy', 'api', 'metrics'].map((name) => join(directory, `${name}.sock`))
  const backend = await Backend.start('a')
  const args = ['--socket', `${socket}`, '--api-socket', `${apiSocket}`, '--metrics-socket', `${metricsSocket}`]
  const proxy = await ProxyProcess.start([...args, '--default-target', backend.url])
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await eventually(() => proxy.output.includes('Serve metrics at'), 'it says where it listens')
  for (const line of [`http://${socket} to`, `http://${apiSocket}/api/routes`, `http://${metricsSocket}/metrics`]) {
    t.match(proxy.output, line)
  }

  const added = await ask(
    0,
    '/api/routes/user/ann',
    { socketPath: apiSocket, method: 'POST', headers: AUTHORIZATION },
    JSON.stringify({ target: `${backend.url}/base` }),
  )
  t.equal(added.status, 201)
  const headers = { 'x-forwarded-for': '192.0.2.7', host: 'hub.example' }
  const echo = JSON.parse((await ask(0, '/user/ann/x', { socketPath: socket, headers })).body) as Echo
  t.equal(echo.url, '/base/user/ann/x')
  const received = new Map(echo.rawHeaders.flatMap((name, at, all) => (at % 2 === 0 ? [[name, all[at + 1]]] : [])))
  t.equal(received.get('host'), 'hub.example')
  t.equal(received.get('x-forwarded-for'), '192.0.2.7', 'a client of a unix socket has no address to add')
  t.notMatch([...received.values()].join(), /undefined|null/)

  const websocket = new WebSocket(`ws+unix:${socket}:/user/ann/ws`)
  await once(websocket, 'open')
  websocket.send('hello')
  t.equal(String((await once(websocket, 'message'))[0]), 'hello')
  websocket.terminate()

  // Envoy reports what it counts every two seconds.
  const counted = async () => {
    const { body } = await ask(0, '/metrics', { socketPath: metricsSocket })
    return /^requests_web 1$/m.test(body) && /^requests_ws 1$/m.test(body)
  }
  await eventually(counted, 'both are counted')

  proxy.child.kill('SIGTERM')
  t.equal((await proxy.exit()).code, 0)
  t.strictSame(await readdir(directory), [], 'the files are gone with it')
})

t.test('the file of a socket that nobody serves any longer is no obstacle', async (t) => {
  const directory = await temporaryDirectory(t)
  const [socket, apiSocket] = [join(directory, 'proxy.sock'), join(directory, 'api.sock')]
  const args = ['--socket', socket, '--api-socket', apiSocket]
  const runtimeBase = join(directory, 'run')
  await mkdir(runtimeBase)
  const killed = await ProxyProcess.start(args, { runtimeBase })
  killed.child.kill('SIGKILL')
  await killed.exit()
  t.ok((await lstat(apiSocket)).isSocket(), 'the killed one leaves its files')
  const next = await ProxyProcess.start(args, { runtimeBase })
  t.teardown(() => next.stop())
  t.equal((await ask(0, '/_chp_healthz', { socketPath: socket })).status, 200)
  t.equal((await ask(0, '/api/routes', { socketPath: apiSocket, headers: AUTHORIZATION })).status, 200)
})

t.test('a socket that can not be used is refused in one line, and what is there stays', async (t) => {
  const directory = await temporaryDirectory(t)
  const [live, file] = [join(directory, 'live.sock'), join(directory, 'file')]
  const server = createServer().listen(live)
  await once(server, 'listening')
  t.teardown(() => server.close())
  await writeFile(file, 'precious')
  const long = join(directory, 'x'.repeat(108))
  const cases: Array<[args: string[], line: RegExp]> = [
    [['--socket', live], /The proxy can't listen on .*live\.sock: the socket is in use/],
    [['--api-socket', live], /The REST API can't listen on .*live\.sock: the socket is in use/],
    [['--metrics-socket', live], /The metrics server can't listen on .*live\.sock: the socket is in use/],
    [['--socket', file], /the file is there and is no socket/],
    [['--api-socket', file], /the file is there and is no socket/],
    [['--socket', long], /has at most 107 bytes/],
    [['--api-socket', long], /has at most 107 bytes/],
    [['--socket', join(directory, 'no/such.sock')], /there is no such directory/],
    [['--api-socket', join(directory, 'no/such.sock')], /there is no such directory/],
  ]
  const starts = cases.map(async ([args, line]) => {
    const proxy = await ProxyProcess.spawn(args)
    t.equal((await proxy.exit()).code, 1, args.join(' '))
    const errors = proxy.output.split('\n').filter((text) => text.startsWith('error: '))
    t.equal(errors.length, 1)
    t.match(errors[0], line)
    await proxy.stop()
  })
  await Promise.all(starts)
  t.ok(existsSync(live) && existsSync(file))
})

t.test('a socket and an address exclude each other, which one line says', async (t) => {
  const cases: Array<[args: string[], line: RegExp]> = [
    [['--socket', '/x', '--port', '8000'], /'--socket <path>' cannot be used with option '--port <n>'/],
    [['--socket', '/x', '--ip', '127.0.0.1'], /'--socket <path>' cannot be used with option '--ip <ip-address>'/],
  ]
  for (const [args, line] of cases) {
    const { code, stderr } = await commandLine(args)
    t.equal(code, 1, args.join(' '))
    t.match(stderr, /^error: [^\n]*\n$/)
    t.match(stderr, line)
  }
})
