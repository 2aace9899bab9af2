// Other users of the machine, and programs that only look like ours.
import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { claim, ownerOf } from '../../src/data-plane/embedded/claim.js'
import {
  locateRuntimeDir,
  makeRuntimeDir,
  otherRuntimeDirs,
  removeRuntimeDir,
} from '../../src/data-plane/embedded/runtime-dir.js'
import { temporaryDirectory } from '../support/directory.js'
import { Home, kill } from '../support/home.js'
import { backendOf } from '../support/http.js'
import { CAN_BE_SOMEONE_ELSE, lookAlike, STRANGER } from '../support/look-alike.js'
import { isAlive, killProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'

const skip = CAN_BE_SOMEONE_ELSE ? false : 'only root can be another user'

for (const [who, asStranger] of [
  ['another user', true],
  ['this user', false],
] as const) {
  t.test(
    `processes of ${who} that look like Envoys and guardians are let be`,
    { skip: asStranger && skip },
    async (t) => {
      const home = await Home.make(t)
      const first = await home.start()
      await first.route('/user/a', home.backend.url)
      const envoy = await first.envoyPid()
      await kill(first)
      const config = join(first.runtimeDir, 'bootstrap-0.json')
      const newest = ['--config-path', config, '--concurrency', '1', '--restart-epoch', '9']
      const fake = await lookAlike(t, ['envoy', ...newest], { asStranger })
      // A guardian of this user is ended when another takes its place, whatever it is.
      const name = asStranger ? 'configurable-envoy-proxy-guardian' : 'a-guardian'
      const guardian = await lookAlike(t, [name, first.runtimeDir, '600'], { asStranger })

      const second = await home.start()
      t.equal(await second.envoyPid(), envoy, 'the real one is gone on with')
      t.match(second.output, /Took over Envoy \d+/)
      t.ok(second.output.includes(`Envoy ${envoy},`))
      killProcess(-fake)
      t.equal(await backendOf(second.port, '/user/a'), 'a')
      await second.route('/user/b', home.backend.url)
      t.equal(await second.envoyPid(), envoy, 'whatever becomes of the others')

      const other = await lookAlike(t, ['envoy', ...newest], { asStranger })
      t.match((await home.run(['stop'])).output, /^Stopped configurable-envoy-proxy \d+ and its Envoy\n$/)
      t.ok(isAlive(other))
      t.ok(isAlive(guardian))
    },
  )
}

t.test('a name in /dev/shm that another user has taken is not needed', { skip }, async (t) => {
  const home = await Home.make(t)
  const usual = baseId((await home.spawn(['--version'])).runtimeDir)
  const file = fileOf(usual)
  await writeFile(file, 'squatter')
  await chown(file, STRANGER, STRANGER)
  t.teardown(() => rm(file, { force: true }))

  const first = await home.start(['--workers', '1'])
  await first.route('/user/a', home.backend.url)
  const [envoy] = await first.envoys()
  const other = Number(option(envoy?.command ?? [], '--base-id'))
  t.not(other, usual)
  t.ok(await stat(fileOf(other)))
  await kill(first)
  const second = await home.start(['--workers', '2'])
  t.match(second.output, /replaced Envoy/, 'and another can replace it')
  t.equal(await backendOf(second.port, '/user/a'), 'a')
  t.match((await home.run(['stop'])).output, /^Stopped/)
  t.equal(await readFile(file, 'utf8'), 'squatter')
  await t.rejects(stat(fileOf(other)), { code: 'ENOENT' }, 'nothing of ours is left there')
})

t.test('a runtime directory that belongs to someone else is said, and let be', { skip }, async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const base = join(runtimeBase, 'configurable-envoy-proxy')
  const squat = [
    async () => {
      await mkdir(base)
      await chown(base, STRANGER, STRANGER)
    },
    () => writeFile(base, ''),
  ]
  for (const [index, reason] of [/belongs to someone else/, /is no directory|EEXIST/].entries()) {
    await rm(base, { recursive: true, force: true })
    await squat[index]?.()
    const proxy = await ProxyProcess.spawn([], { runtimeBase })
    t.strictSame(await proxy.exit(), { code: 1, signal: null })
    t.match(proxy.output, reason)
    t.match(proxy.output, /^error: Cannot use .* Set XDG_RUNTIME_DIR/m)
    const stop = await ProxyProcess.spawn(['stop'], { runtimeBase })
    t.strictSame(await stop.exit(), { code: 0, signal: null })
    t.match(stop.output, /^There is nothing to stop/)
    t.ok(await stat(base))
  }
})

t.test('where all can write, the directory stays that no other user can take then', async (t) => {
  const open = join(await temporaryDirectory(t), 'tmp')
  await mkdir(open)
  await chmod(open, 0o1777)
  const dir = locateRuntimeDir({ stateDir: undefined, publicAddress: 'a' }, { XDG_RUNTIME_DIR: open })
  t.equal(ownerOf(dir), undefined)
  const claimed = await claim(dir)
  t.equal(ownerOf(dir)?.pid, process.pid, 'whose it is shows by the lock')
  await t.rejects(claim(dir), /Another configurable-envoy-proxy/)
  await removeRuntimeDir(dir)
  await claimed.close()
  t.strictSame(await readdir(open), ['configurable-envoy-proxy'])
  t.strictSame(await readdir(join(open, 'configurable-envoy-proxy')), [])
  await chmod(open, 0o700)
  await removeRuntimeDir(dir)
  t.strictSame(await readdir(open), [])
})

t.test('the proxies of a user are found from a service and from a terminal alike', { skip }, async (t) => {
  const inService = locateRuntimeDir({ stateDir: undefined, publicAddress: `test-${process.pid}` }, {})
  await makeRuntimeDir(inService)
  t.teardown(() => removeRuntimeDir(inService))
  const env = { XDG_RUNTIME_DIR: await temporaryDirectory(t) }
  const inTerminal = locateRuntimeDir({ stateDir: undefined, publicAddress: 'a' }, env)
  t.ok(otherRuntimeDirs(inTerminal, env).some(({ path }) => path === inService.path))
  t.notOk(
    otherRuntimeDirs(inService, {}).some(({ path }) => path === inService.path),
    'but not the one itself',
  )
})

t.test("root's is under /run, where no other user can write", { skip }, async (t) => {
  const { path } = locateRuntimeDir({ stateDir: undefined, publicAddress: 'a' }, {})
  t.equal(path, '/run/configurable-envoy-proxy/a')
})

function baseId(runtimeDir: string): number {
  return createHash('sha256').update(runtimeDir).digest().readUInt32BE() % 200_000_000
}

function fileOf(id: number): string {
  return `/dev/shm/envoy_shared_memory_${id * 10}`
}

function option(command: readonly string[], name: string): string | undefined {
  return command[command.indexOf(name) + 1]
}
