import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { commandLine } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'
import { askAll, backendIn, backendOf } from '../support/http.js'
import { accepts, freePorts } from '../support/ports.js'
import { endProcess, isAlive } from '../support/processes.js'
import { ProxyProcess, STATE } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

t.test('an Envoy that is killed comes back soon, with the whole table before it listens', async (t) => {
  const backend = await Backend.start('a')
  const fallback = await Backend.start('none')
  const proxy = await ProxyProcess.start(['--default-target', fallback.url])
  t.teardown(() => Promise.all([proxy.stop(), backend.stop(), fallback.stop()]))
  const paths = Array.from({ length: 1_000 }, (_, index) => `/user/u${index}`)
  await Promise.all(paths.map((path) => proxy.route(path, backend.url)))
  for (let turn = 0; turn < 3; turn += 1) {
    const before = await proxy.envoyPid()
    const killed = performance.now()
    await endProcess(before)
    // The first that is answered at all is answered rightly: no 404 from a half-filled table.
    let first: string | number | undefined
    await eventually(async () => {
      first = await backendOf(proxy.port, '/user/u999/x').catch(() => undefined)
      return first !== undefined
    }, 'it serves again')
    const ms = performance.now() - killed
    const names = (await askAll(proxy.port, paths)).map(backendIn)
    t.equal(first, 'a')
    t.strictSame(new Set(names), new Set(['a']), 'every route is right')
    t.ok(ms < 5_000, 'soon')
    t.comment(`it served again after ${ms.toFixed(0)} ms`)
    t.not(await proxy.envoyPid(), before)
  }
  await eventually(() => {
    const ends = proxy.output.match(/error: Envoy has ended \(SIGKILL\)\. It is restarted/g)?.length
    const back = proxy.output.match(/info: Envoy is back, as process \d+: it was away for \d+\.\d s/g)?.length
    return ends === 3 && back === 3
  }, 'the log has all of it')
})

t.test('the shells beside Envoy may be killed too', async (t) => {
  const backend = await Backend.start('a')
  const proxy = await ProxyProcess.start()
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await proxy.route('/a', backend.url)
  const envoy = await proxy.envoyPid()
  const [guardian] = await proxy.processes('guardian')
  process.kill(guardian?.pid ?? 0, 'SIGKILL')
  await eventually(async () => (await proxy.processes('guardian')).some(({ pid }) => pid !== guardian?.pid), 'another')
  t.ok(isAlive(envoy))
  const [launcher] = await proxy.processes('launcher')
  process.kill(launcher?.pid ?? 0, 'SIGKILL')
  await eventually(async () => (await proxy.envoys()).some(({ pid }) => pid !== envoy), 'another Envoy')
  await eventually(async () => (await backendOf(proxy.port, '/a').catch(() => 0)) === 'a', 'it serves again')
  t.notOk(isAlive(envoy))
})

t.test('a POST while Envoy is away is answered once the new one has the route', async (t) => {
  const backend = await Backend.start('a')
  const proxy = await ProxyProcess.start()
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await endProcess(await proxy.envoyPid())
  await proxy.route('/late', backend.url)
  await eventually(() => accepts(proxy.port), 'Envoy listens')
  t.equal(await backendOf(proxy.port, '/late'), 'a')
})

t.test('an Envoy that cannot live ends the proxy, with its last lines', async (t) => {
  const directory = await temporaryDirectory(t)
  const envoy = join(directory, 'envoy')
  const version = '0000000000000000000000000000000000000000/1.40.0/Clean/RELEASE/BoringSSL'
  await writeFile(
    envoy,
    `#!/bin/sh\n[ "$1" = --version ] && echo "envoy version: ${version}" && exit\necho the disk is on fire >&2\nexit 3\n`,
  )
  await chmod(envoy, 0o755)
  const proxy = await ProxyProcess.spawn(['--envoy-path', envoy])
  t.teardown(() => proxy.stop())
  t.strictSame(await proxy.exit(), { code: 1, signal: null })
  t.match(proxy.output, /error: Envoy ended 6 times soon after its start \(status 3\): the disk is on fire\n$/)
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
  t.test(`${signal} closes the port at once, lets requests end, and leaves nothing behind`, async (t) => {
    let arrived: (finish: () => void) => void
    const arrival = new Promise<() => void>((resolve) => {
      arrived = resolve
    })
    const backend = await Backend.start('slow', (_incoming, response) => {
      response.write('begun ')
      arrived(() => response.end('and ended'))
    })
    const directory = await temporaryDirectory(t)
    const pidFile = join(directory, 'proxy.pid')
    const proxy = await ProxyProcess.start(['--pid-file', pidFile], { runtimeBase: directory })
    t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
    const envoy = await proxy.envoyPid()
    await proxy.route('/slow', backend.url)
    const answer = new Promise<string>((resolve, reject) => {
      request({ port: proxy.port, path: '/slow', agent: false }, (response) => {
        response.once('data', (chunk) => text(response).then((rest) => resolve(`${chunk}${rest}`), reject))
      })
        .on('error', reject)
        .end()
    })
    await eventually(() => proxy.output.includes('201 POST'), 'the route is there')
    const finish = await arrival
    proxy.child.kill(signal)
    await eventually(async () => !(await accepts(proxy.port)), 'the port is closed')
    t.ok(isAlive(envoy), 'while Envoy still serves the request under way')
    finish()
    t.equal(await answer, 'begun and ended')
    t.strictSame(await proxy.exit(), { code: 0, signal: null })
    t.notOk(isAlive(envoy))
    t.strictSame(await readdir(directory), [STATE], 'no file is left but the routes')
    t.notMatch(proxy.output, /error|warn: caught/)
  })
}

t.test('a second signal ends the waiting', async (t) => {
  const backend = await Backend.start('endless', (_incoming, response) => response.write('begun'))
  const proxy = await ProxyProcess.start()
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await proxy.route('/endless', backend.url)
  const cut = new Promise((resolve) => {
    request({ port: proxy.port, path: '/endless', agent: false }, (response) => {
      response.once('data', () => proxy.child.kill('SIGTERM'))
      response.on('error', resolve)
    }).end()
  })
  await eventually(() => proxy.output.includes('Stopping'), 'it is stopping')
  const at = performance.now()
  proxy.child.kill('SIGTERM')
  t.strictSame(await proxy.exit(), { code: 0, signal: null })
  t.ok(performance.now() - at < 4_000, 'sooner than the drain would have ended')
  t.notMatch(proxy.output, /error|warn/, 'in good order')
  await cut
})

t.test('what is in the way at the start is said in one line, and nothing stays behind', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const [free = 0] = await freePorts(1)
  const directory = await temporaryDirectory(t)
  const runtimeBase = join(directory, 'run')
  await mkdir(runtimeBase)
  const file = join(directory, 'a-file')
  await writeFile(file, '')
  const link = join(directory, 'a-link')
  await symlink(file, link)

  const cases: Array<{
    what: string
    args?: string[]
    ports?: [number, number]
    env?: NodeJS.ProcessEnv
    line: RegExp
  }> = [
    { what: 'public port', ports: [port, free], line: /can't listen on 127\.0\.0\.1:\d+: the port is in use/ },
    { what: 'API port', ports: [free, port], line: /REST API can't listen on 127\.0\.0\.1:\d+: the port is in use/ },
    { what: 'address', args: ['--ip', '192.0.2.1'], line: /this machine has no such address/ },
    { what: 'host name', args: ['--ip', 'no.invalid'], line: /--ip no\.invalid can't be resolved/ },
    {
      what: 'certificate',
      args: ['--ssl-key', file, '--ssl-cert', '/no/cert'],
      line: /--ssl-cert can't be read.*ENOENT/,
    },
    { what: 'pid file', args: ['--pid-file', '/no/such/dir/pid'], line: /--pid-file can't be written/ },
    { what: 'link', args: ['--pid-file', link], line: /--pid-file can't be written: .*a-link is a symbolic link/ },
    { what: 'directory', env: { XDG_RUNTIME_DIR: file }, line: /Cannot use .*a-file.*Set XDG_RUNTIME_DIR/ },
    // Nothing can be made there, by root neither.
    { what: 'read-only directory', env: { XDG_RUNTIME_DIR: '/sys' }, line: /Cannot use .*Set XDG_RUNTIME_DIR/ },
    { what: 'long directory', env: { XDG_RUNTIME_DIR: join(directory, 'x'.repeat(90)) }, line: /Set XDG_RUNTIME_DIR/ },
    { what: 'Envoy', args: ['--envoy-path', file], line: /a-file is not an Envoy/ },
  ]
  for (const { what, args, ports, env, line } of cases) {
    const proxy = await ProxyProcess.spawn(args, { runtimeBase, ...(ports && { ports }), ...(env && { env }) })
    t.strictSame(await proxy.exit(), { code: 1, signal: null }, what)
    const errors = proxy.output.split('\n').filter((text) => text.startsWith('error: '))
    t.equal(errors.length, 1, `${what}: one line`)
    t.match(errors[0], line, what)
    t.strictSame(
      (await readdir(runtimeBase)).filter((name) => name !== STATE),
      [],
      `${what}: nothing is left`,
    )
  }
  t.equal(await readFile(file, 'utf8'), '', 'nothing was written through the link')

  for (const [args, line] of [
    [['--ssl-key', file, '--ssl-cert', file], /--ssl-cert .* does not hold whole certificates in PEM/],
    [['--ssl-key', file], /--ssl-key and --ssl-cert are needed together/],
    [['--default-target', 'hub:8081'], /--default-target: .*must start with http/],
  ] as const) {
    const { code, stderr } = await commandLine(args)
    t.equal(code, 1)
    t.match(stderr, /^error: [^\n]*\n$/)
    t.match(stderr, line)
  }
})

t.test('a second proxy on the same address stops with a clear line, the first goes on', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await ProxyProcess.start([], { runtimeBase: directory })
  t.teardown(() => first.stop())
  const second = await ProxyProcess.spawn([], { runtimeBase: directory, ports: [first.port, first.apiPort] })
  t.strictSame(await second.exit(), { code: 1, signal: null })
  t.match(second.output, /error: Another configurable-envoy-proxy keeps its routes in/)
  t.equal((await first.api('GET', '')).status, 200)
  t.ok(await accepts(first.port))
})

t.test(
  'the Envoy of a killed control plane whose table is in memory serves until the next start, which replaces it',
  async (t) => {
    const backend = await Backend.start('a')
    const directory = await temporaryDirectory(t)
    const first = await ProxyProcess.start(['--storage-backend', 'memory'], { runtimeBase: directory })
    await first.route('/kept', backend.url)
    const envoy = await first.envoyPid()
    first.child.kill('SIGKILL')
    await first.exit()
    t.equal(await backendOf(first.port, '/kept'), 'a', 'Envoy does not need the control plane')
    const second = await ProxyProcess.start(['--storage-backend', 'memory'], {
      runtimeBase: directory,
      ports: [first.port, first.apiPort],
    })
    t.teardown(() => Promise.all([second.stop(), backend.stop()]))
    t.notOk(isAlive(envoy))
    await second.route('/kept', backend.url)
    t.equal(await backendOf(second.port, '/kept'), 'a')
  },
)
