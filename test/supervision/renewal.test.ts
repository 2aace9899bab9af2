import { rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { admin, adminSocket, askWithoutKey } from '../support/admin.js'
import { Authority } from '../support/certificate.js'
import { Home, kill } from '../support/home.js'
import { backendOf } from '../support/http.js'
import { Users } from '../support/load.js'
import { accepts, freePorts } from '../support/ports.js'
import { endProcess, isAlive } from '../support/processes.js'
import type { TcpEnd } from '../support/tcp-timers.js'
import { tcpEnds } from '../support/tcp-timers.js'
import { eventually } from '../support/wait.js'

t.test('another port and certificate reach the running Envoy', async (t) => {
  const home = await Home.make(t)
  const authority = await Authority.make()
  const certificate = await authority.issue()
  const [port = 0, apiPort = 0] = await freePorts(2)
  const first = await home.start()
  t.teardown(() => authority.remove())
  await first.route('/user/a', home.backend.url)
  const envoy = await first.envoyPid()
  const users = await Users.start(first.port, '/user/a', { rps: 0.001, websockets: 3 })
  t.teardown(() => users.stop())
  await kill(first)

  const moved = await home.start([], [port, apiPort])
  t.equal(await moved.envoyPid(), envoy)
  t.equal(await backendOf(port, '/user/a'), 'a')
  await eventually(async () => !(await accepts(first.port)), 'the old port is closed')
  const before = users.messages
  await eventually(() => users.messages >= before + 3, 'websockets of the old port go on')
  t.strictSame(users.failures, [])
  await kill(moved)

  const secure = await home.start(
    ['--ssl-key', certificate.keyFile, '--ssl-cert', certificate.certFile],
    [port, apiPort],
  )
  t.equal(await secure.envoyPid(), envoy)
  t.equal(await fetchTls(port, '/user/a', authority.cert), 200)
  await kill(secure)

  // A key that Node.js takes and Envoy doesn't.
  const tooShort = await authority.issue({ newKey: ['rsa:1024'] })
  const refused = await home.spawn(['--ssl-key', tooShort.keyFile, '--ssl-cert', tooShort.certFile], [port, apiPort])
  t.strictSame(await refused.exit(), { code: 1, signal: null })
  t.match(refused.output, /Envoy can't use the certificate of --ssl-cert/)
  t.equal(await fetchTls(port, '/user/a', authority.cert), 200, 'the certificate of before is in use')
  t.equal(await refused.envoyPid(), envoy)
})

t.test('another number of workers takes a new Envoy, and nobody is refused', async (t) => {
  const home = await Home.make(t)
  const first = await home.start(['--workers', '1'])
  await first.route('/user/a', home.backend.url)
  const before = await first.envoyPid()
  const users = await Users.start(first.port, '/user/a', { rps: 200, websockets: 20 })
  t.teardown(() => users.stop())
  await kill(first)
  const second = await home.start(['--workers', '2'])
  const after = await second.envoyPid()
  t.not(after, before)
  t.match(JSON.parse(await admin(second, '/server_info')), { command_line_options: { concurrency: 2 } })
  await second.route('/user/b', home.backend.url)
  t.equal(await backendOf(second.port, '/user/b'), 'a')
  t.ok(isAlive(before), 'the old one keeps its connections')
  t.equal(users.websockets, 20)
  await kill(second)
  const third = await home.start(['--workers', '2'])
  t.equal(await third.envoyPid(), after)
  const messages = users.messages
  await eventually(() => users.messages >= messages + 20, 'the websockets are answered')
  t.strictSame(users.failures, [])

  await endProcess(after)
  await eventually(
    async () => !isAlive(before) && (await backendOf(third.port, '/user/b').catch(() => 0)) === 'a',
    'a third serves',
  )
  third.child.kill('SIGTERM')
  await third.exit()
  t.strictSame(await third.envoys(), [])
})

t.test(
  'an Envoy of a version that knew no keepalive and no key is given what it takes, then replaced, and nobody notices',
  async (t) => {
    const home = await Home.make(t)
    const real = await (await home.start()).envoys()
    await home.run(['stop'])
    const program = join(home.runtimeBase, 'envoy')
    // As that version would have started it: without the mark in the bootstrap, and with an admin interface for all.
    const lines = [
      `envoy() { exec ${real[0]?.command[0]} "$@"; }`,
      '[ "$1" = --config-path ] || envoy "$@"',
      'unmarked="$(dirname "$2")/bootstrap-unmarked.json"',
      `sed '/"generation":/d; /"allow_paths"/,/^    ]/d' "$2" > "$unmarked"`,
      'shift 2',
      'envoy --config-path "$unmarked" "$@"',
    ]
    await writeFile(program, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 })
    const first = await home.start(['--envoy-path', program])
    await first.route('/user/a', home.backend.url)
    const before = await first.envoyPid()
    const users = await Users.start(first.port, '/user/a', { rps: 200, websockets: 10 })
    t.teardown(() => users.stop())
    t.ok(
      (await endsAt(first.port)).every(({ asksIn }) => asksIn === undefined),
      'as from the version before',
    )
    await kill(first)
    await rm(join(first.runtimeDir, 'admin.sock.key'))

    const second = await home.start()
    t.not(await second.envoyPid(), before)
    t.match(second.output, /replaced Envoy/)
    t.notMatch(second.output, /reject|refuse|can't serve/)
    t.match(await askWithoutKey(adminSocket(second), '/stats'), 'not allowed', 'it wants the key')
    await second.route('/user/b', home.backend.url)
    t.equal(await backendOf(second.port, '/user/b'), 'a')
    const messages = users.messages
    await eventually(() => users.messages >= messages + 10, 'the websockets are answered')
    t.equal(users.websockets, 10)
    t.strictSame(users.failures, [])
    const silent = connect(second.port, '127.0.0.1')
    t.teardown(() => silent.destroy())
    await eventually(async () => {
      const ends = await endsAt(second.port)
      return ends.some(({ remotePort, asksIn }) => remotePort === silent.localPort && asksIn !== undefined)
    }, 'new connections have it')
  },
)

t.test('another Envoy takes the place of the one that runs, unless it cannot start', async (t) => {
  const home = await Home.make(t)
  const real = await (await home.start()).envoys()
  await home.run(['stop'])
  const program = join(home.runtimeBase, 'envoy')
  const write = (...lines: string[]) =>
    writeFile(program, ['#!/bin/sh', ...lines, `exec ${real[0]?.command[0]} "$@"`, ''].join('\n'), { mode: 0o755 })
  await write()
  const first = await home.start(['--envoy-path', program])
  await first.route('/user/a', home.backend.url)
  const envoy = await first.envoyPid()
  await kill(first)
  const same = await home.start(['--envoy-path', program])
  t.equal(await same.envoyPid(), envoy, 'the same program goes on')
  await kill(same)

  await write('case "$*" in *"--restart-epoch 1"*) echo no luck >&2; exit 3;; esac')
  const unlucky = await home.start(['--envoy-path', program])
  t.match(unlucky.output, /ended \(status 3\): no luck\. The previous one keeps serving/)
  t.equal(await unlucky.envoyPid(), envoy)
  t.equal(await backendOf(unlucky.port, '/user/a'), 'a')
  await kill(unlucky)

  await write('# A new version')
  const renewed = await home.start(['--envoy-path', program])
  t.not(await renewed.envoyPid(), envoy)
  t.equal(await backendOf(renewed.port, '/user/a'), 'a')
})

async function endsAt(port: number): Promise<TcpEnd[]> {
  return (await tcpEnds()).filter(({ localPort }) => localPort === port)
}

async function fetchTls(port: number, path: string, ca: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, ca, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}

t.test('an Envoy that would refuse the port does not take the place of the one that serves', async (t) => {
  const home = await Home.make(t)
  const real = await (await home.start()).envoys()
  await home.run(['stop'])
  const program = join(home.runtimeBase, 'envoy')
  const write = (more: string) =>
    writeFile(program, `#!/bin/sh\nexec ${real[0]?.command[0]} "$@" ${more}\n`, { mode: 0o755 })
  await write('')
  const socket = join(home.runtimeBase, 'public.sock')
  for (const where of [[], ['--socket', socket]]) {
    await write('')
    const args = [...where, '--envoy-path', program]
    const first = await home.start(args)
    await first.route('/user/a', home.backend.url)
    const envoy = await first.envoyPid()
    await kill(first)
    // Without a filter that the port needs.
    await write('--disable-extensions envoy.filters.http/envoy.filters.http.header_mutation')
    for (let turn = where.length === 0 ? 0 : 1; turn < 2; turn += 1) {
      const refused = await home.start(args)
      t.match(
        refused.output,
        /error: Envoy can't use the new settings: it rejects public: .*keeps serving with its old/,
      )
      t.strictSame(
        (await refused.envoys()).map(({ pid }) => pid),
        [envoy],
        'the other one is gone',
      )
      await refused.route('/user/b', home.backend.url)
      if (where.length === 0) t.equal(await backendOf(refused.port, '/user/b'), 'a')
      else t.equal(await statusAt(socket, '/user/b'), 200)
      await kill(refused)
    }
    await home.run(['stop'])
  }
})

function statusAt(socketPath: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}
