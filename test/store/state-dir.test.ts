import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { addressKey } from '../../src/platform/private-dir.js'
import { openStateDir, stateName } from '../../src/store/directory/state-dir.js'
import { temporaryDirectory } from '../support/directory.js'
import { ProxyProcess, STATE } from '../support/proxy.js'

/** The directory for a proxy on 127.0.0.1:8000 and what was warned of. */
async function choose(options: {
  explicit?: string
  env?: NodeJS.ProcessEnv
  publicAddress?: string
  isShared?: boolean
}) {
  const warnings: string[] = []
  const path = await openStateDir({
    explicit: options.explicit,
    publicAddress: options.publicAddress ?? '127.0.0.1-8000',
    env: options.env ?? {},
    isShared: options.isShared ?? true,
    warn: (message) => warnings.push(message),
  })
  return { path, warnings }
}

async function mode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

t.test('each public address has a private directory of its own below XDG_STATE_HOME', async (t) => {
  const base = join(await temporaryDirectory(t), 'not', 'there', 'yet')
  const env = { XDG_STATE_HOME: base }
  const { path, warnings } = await choose({ env })
  t.equal(path, join(base, 'configurable-envoy-proxy', '127.0.0.1-8000'))
  t.strictSame(warnings, [])
  t.equal(await mode(path), 0o700)
  t.equal((await choose({ env })).path, path, 'the same at the next start')
  const odd = await choose({ env, publicAddress: `/run/${'x'.repeat(90)}/proxy.sock` })
  t.match(odd.path, /\/configurable-envoy-proxy\/x{37}_proxy\.sock-[0-9a-f]{8}$/)
})

t.test('a person can tell from its name whose routes a directory has', async (t) => {
  t.equal(stateName('::-8000'), 'all-8000', "JupyterHub's default")
  t.equal(stateName('0.0.0.0-8000'), 'all-8000', 'the same on a machine without IPv6')
  t.equal(stateName('192.0.2.1-443'), '192.0.2.1-443')
  t.match(stateName('2001:db8::1-443'), /^2001_db8_1-443-[0-9a-f]{8}$/)
  t.match(stateName('/run/hub/proxy.sock'), /^_run_hub_proxy\.sock-[0-9a-f]{8}$/)
  const names = ['/a/b', '/a_b', '/a/b/', '2001:db8::1-443', '2001:db8:1::-443'].map(stateName)
  t.equal(new Set(names).size, names.length, 'no two addresses share one')
})

t.test('routes that an earlier version keeps under another name stay in use', async (t) => {
  const base = await temporaryDirectory(t)
  const earlier = join(base, 'configurable-envoy-proxy', addressKey('::-8000'))
  await mkdir(earlier, { recursive: true, mode: 0o700 })
  t.equal((await choose({ env: { XDG_STATE_HOME: base }, publicAddress: '::-8000' })).path, earlier)
})

t.test('without XDG_STATE_HOME it is below ~/.local/state', async (t) => {
  const home = await temporaryDirectory(t)
  const before = process.env.HOME
  process.env.HOME = home
  t.teardown(() => {
    if (before === undefined) delete process.env.HOME
    else process.env.HOME = before
  })
  for (const env of [{}, { XDG_STATE_HOME: '' }, { XDG_STATE_HOME: 'not/absolute' }]) {
    t.equal((await choose({ env })).path, join(home, '.local/state/configurable-envoy-proxy/127.0.0.1-8000'))
  }
})

t.test('--state-dir is used as it is, made where it is missing', async (t) => {
  const base = await temporaryDirectory(t)
  const made = join(base, 'a', 'b')
  t.equal((await choose({ explicit: made })).path, made)
  t.equal(await mode(made), 0o700)
  await chmod(made, 0o755)
  t.equal((await choose({ explicit: made })).path, made, 'others may look into it')
  t.equal(await mode(made), 0o755, 'and its owner decides on that')
})

t.test('a --state-dir that is not safe is refused, with the reason', async (t) => {
  const base = await temporaryDirectory(t)
  const [file, open, link] = [join(base, 'file'), join(base, 'open'), join(base, 'link')]
  await writeFile(file, '')
  await mkdir(open)
  await chmod(open, 0o777)
  await symlink(base, link)
  const cases: Array<[explicit: string, message: RegExp]> = [
    [file, /--state-dir \S+file can't be used: \S+file is no directory\. Choose/],
    [open, /others can write to/],
    [link, /link is no directory/],
    [join(open, 'below'), /others can write to \S+open, and so put another directory in its place/],
    [join(open, 'farther', 'below'), /others can write to \S+open, and so/],
    ['/proc/1/state', /--state-dir \S+ can't be used: ENOENT/],
  ]
  for (const [explicit, message] of cases)
    await t.rejects(choose({ explicit }), { name: 'FatalError', message }, explicit)
  const volume = join(open, 'volume')
  t.equal((await choose({ explicit: volume, isShared: false })).path, volume, 'a volume of a container may be so')
})

t.test('where there is no place that lasts, routes are kept in one that may not, and a warning says so', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const file = join(runtimeBase, 'a-file')
  await writeFile(file, '')
  const proxy = await ProxyProcess.start([], { runtimeBase, env: { XDG_STATE_HOME: file, TMPDIR: runtimeBase } })
  t.teardown(() => proxy.stop())
  const fallback = join(runtimeBase, `configurable-envoy-proxy-state-${process.getuid?.()}`, `127.0.0.1-${proxy.port}`)
  t.match(proxy.output, `warn: The routes are kept in ${fallback}, which a reboot may clear`)
  t.match(proxy.output, /better place: EEXIST[^\n]+Name one with --state-dir\.\n/)
  await proxy.route('/kept', 'http://127.0.0.1:1')
  await proxy.stop()
  const next = await ProxyProcess.start([], {
    runtimeBase,
    ports: [proxy.port, proxy.apiPort],
    env: { XDG_STATE_HOME: file, TMPDIR: runtimeBase },
  })
  t.teardown(() => next.stop())
  t.equal((await next.api('GET', '/kept')).status, 200)
})

t.test("a second proxy on the same directory ends with one line; a killed one is in nobody's way", async (t) => {
  const stateDir = await temporaryDirectory(t)
  const first = await ProxyProcess.start(['--state-dir', stateDir])
  t.teardown(() => first.stop())
  await first.route('/kept', 'http://127.0.0.1:1')
  const second = await ProxyProcess.spawn(['--state-dir', stateDir])
  t.teardown(() => second.stop())
  t.strictSame(await second.exit(), { code: 1, signal: null })
  t.equal(
    second.output,
    `error: Another configurable-envoy-proxy keeps its routes in ${stateDir}. Stop it, or give this one another --port, and a --state-dir of its own if you use that option.\n`,
  )
  await first.route('/later', 'http://127.0.0.1:2')
  first.child.kill('SIGKILL')
  await first.exit()
  const third = await ProxyProcess.start(['--state-dir', stateDir], {
    runtimeBase: first.runtimeBase,
    ports: [first.port, first.apiPort],
  })
  t.teardown(() => third.stop())
  t.strictSame(Object.keys((await (await third.api('GET', '')).json()) as object).sort(), ['/kept', '/later'])
})

t.test('--storage-backend memory keeps nothing on disk; another name is refused', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const proxy = await ProxyProcess.start(['--storage-backend', 'memory'], { runtimeBase })
  t.teardown(() => proxy.stop())
  await proxy.route('/', 'http://127.0.0.1:1')
  t.notOk((await readdir(runtimeBase)).includes(STATE))
  const unknown = await ProxyProcess.spawn(['--storage-backend', 'no-such-backend'])
  t.teardown(() => unknown.stop())
  t.strictSame(await unknown.exit(), { code: 1, signal: null })
  t.match(unknown.output, /error: --storage-backend no-such-backend [^\n]+\n/)
})

t.test('an empty table leaves no directory behind, nor does a start that failed', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const kept = () => readdir(join(runtimeBase, STATE, 'configurable-envoy-proxy'))
  const tried = await ProxyProcess.start([], { runtimeBase })
  t.equal((await kept()).length, 1)
  await tried.stop()
  t.strictSame(await kept(), [])
  const file = join(runtimeBase, 'no-directory')
  await writeFile(file, '')
  const failed = await ProxyProcess.spawn(['--default-target', 'http://127.0.0.1:1', '--pid-file', join(file, 'pid')], {
    runtimeBase,
  })
  t.strictSame(await failed.exit(), { code: 1, signal: null })
  t.strictSame(await kept(), [])

  const used = await ProxyProcess.start([], { runtimeBase })
  await used.route('/kept', 'http://127.0.0.1:1')
  await used.stop()
  const again = await ProxyProcess.spawn(['--pid-file', join(file, 'pid')], {
    runtimeBase,
    ports: [used.port, used.apiPort],
  })
  t.strictSame(await again.exit(), { code: 1, signal: null })
  const next = await ProxyProcess.start([], { runtimeBase, ports: [used.port, used.apiPort] })
  t.teardown(() => next.stop())
  t.equal((await next.api('GET', '/kept')).status, 200, 'routes that were there survive a start that fails')
})
