import { once } from 'node:events'
import { chmod, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { readRelease } from '../../src/envoy/binary/release.js'
import { lockDirectory } from '../../src/store/directory/lock.js'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { Authority } from '../support/certificate.js'
import { freePorts } from '../support/ports.js'
import { environment, examined } from './examined.js'

const SILENT = pino({ level: 'silent' })
const LOCAL = ['--ip', '127.0.0.1', '--api-ip', '127.0.0.1']

/** A file that is executed. */
async function program(path: string, text: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
  return path
}

t.test('an option that names no file is fatal, and the other sections are examined nevertheless', async (t) => {
  const { env } = await environment(t)
  const argv = ['--ssl-key', '/no/key', '--ssl-cert', '/no/cert', '--error-path', '/no/pages', '--ssl-allow-rc4']
  const found = await examined(['CEP0101', 'CEP0401', 'CEP0402', 'CEP0515'], [...LOCAL, ...argv], env)
  t.match(found.CEP0101, { state: 'failed', finding: /--ssl-key can't be read.*--error-path can't be read/ })
  t.match(found.CEP0401, { state: 'failed', finding: /no such file/ })
  t.match(found.CEP0402, { state: 'undone', finding: /CEP0401/ })
  t.equal(found.CEP0515?.state, 'ok')
  const well = await examined(['CEP0101', 'CEP0102', 'CEP0401'], [...LOCAL, '--ssl-allow-rc4'], env)
  t.equal(well.CEP0101?.state, 'ok')
  t.match(well.CEP0102, { state: 'failed', finding: /--ssl-allow-rc4 does nothing/ })
  t.equal(well.CEP0401?.state, 'inapplicable')
})

t.test('Envoy and flock: those of the options and of the PATH', async (t) => {
  const { directory, env } = await environment(t)
  const { version } = readRelease()
  const good = await program(join(directory, 'good'), `echo 'envoy  version: ab12/${version}/Clean'`)
  const newer = await program(join(directory, 'newer'), `echo 'envoy  version: ab12/99.0.0/Clean'`)
  const codes = ['CEP0111', 'CEP0112', 'CEP0113', 'CEP0114']
  const well = await examined(codes, [...LOCAL, '--envoy-path', good], env)
  for (const code of codes) t.equal(well[code]?.state, 'ok', code)
  const other = await examined(codes, [...LOCAL, '--envoy-path', newer], env)
  t.match(other.CEP0113, { state: 'failed', finding: /99\.0\.0/ })
  const missing = await examined(codes, [...LOCAL, '--envoy-path', '/no/envoy'], env)
  t.match(missing.CEP0111, { state: 'failed', finding: /there is no such file/ })
  t.match(missing.CEP0113, { state: 'undone' })
  const bare = await examined(codes, LOCAL, { ...env, ENVOY_PATH: '', PATH: directory, XDG_CACHE_HOME: directory })
  t.match(bare.CEP0111, { state: 'failed', finding: /no pip/ })
  t.equal(bare.CEP0112?.state, 'failed')
  t.equal(bare.CEP0114?.state, 'failed')
})

t.test('a port or a socket that another process has', async (t) => {
  const { directory, env } = await environment(t)
  const [port = 0, api = 0] = await freePorts(2)
  const argv = ['--port', String(port), '--api-port', String(api), '--metrics-socket', join(directory, 'metrics')]
  const codes = ['CEP0201', 'CEP0203', 'CEP0204']
  const free = await examined(codes, [...LOCAL, ...argv], env)
  for (const code of codes) t.match(free[code], { state: 'ok', finding: /is free/ })
  const [one, other] = [createServer().listen(port, '127.0.0.1'), createServer().listen(join(directory, 'metrics'))]
  await Promise.all([once(one, 'listening'), once(other, 'listening')])
  const taken = await examined(codes, [...LOCAL, ...argv], env)
  one.close()
  other.close()
  t.match(taken.CEP0201, { state: 'failed', finding: new RegExp(`in use.*\\(${process.pid}\\)`) })
  t.equal(taken.CEP0203?.state, 'ok')
  t.match(taken.CEP0204, { state: 'failed', finding: /socket is in use/ })
})

t.test('certificates', async (t) => {
  const { env } = await environment(t)
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const [good, expired] = [await authority.issue(), await authority.expired()]
  const of = ({ keyFile, certFile }: typeof good) => ['--ssl-key', keyFile, '--ssl-cert', certFile]
  const codes = ['CEP0401', 'CEP0402', 'CEP0403', 'CEP0404', 'CEP0405', 'CEP0421', 'CEP0451']
  const well = await examined(codes, [...LOCAL, ...of(good), '--ssl-ca', authority.file], env)
  t.match(well.CEP0401, { state: 'ok' })
  t.match(well.CEP0402, { state: 'ok' })
  t.match(well.CEP0403, { state: 'failed', finding: /^1 days/ }, 'openssl was asked for two days')
  t.match(well.CEP0404, { state: 'failed', finding: /CN=root is missing/ }, 'a private authority')
  t.match(well.CEP0405, { state: 'ok', finding: /DNS:localhost/ })
  t.equal(well.CEP0421?.state, 'inapplicable')
  t.match(well.CEP0451, { state: 'ok', finding: '--ssl-ca' })
  const late = await examined(['CEP0401', 'CEP0402'], [...LOCAL, ...of(expired)], env)
  t.match(late.CEP0402, { state: 'failed', finding: /expired on/ })
  const mixed = { ...good, keyFile: expired.keyFile }
  t.match((await examined(['CEP0401'], [...LOCAL, ...of(mixed)], env)).CEP0401, {
    state: 'failed',
    finding: /does not belong/,
  })
})

t.test('the state directory: rights, lock and store', async (t) => {
  const { directory, env } = await environment(t)
  const state = join(directory, 'kept')
  const argv = [...LOCAL, '--state-dir', state]
  const codes = ['CEP0511', 'CEP0512', 'CEP0513', 'CEP0514']
  const before = await examined(codes, argv, env)
  t.match(before.CEP0511, { state: 'ok', finding: /will be made/ })
  t.equal(before.CEP0514?.state, 'inapplicable')
  await mkdir(state, { mode: 0o700 })
  const store = await LmdbStore.open(state, SILENT)
  const route = { routespec: '/user/ann', data: { target: 'http://127.0.0.1:1' }, lastActivity: new Date() }
  await store.write({ key: '/user/ann', before: undefined, after: route })
  const locked = await examined(codes, argv, env)
  t.match(locked.CEP0513, { state: 'failed', remedy: `kill ${process.pid}` })
  await store.close()
  const well = await examined(codes, argv, env)
  for (const code of codes) t.equal(well[code]?.state, 'ok', code)
  t.match(well.CEP0514, { finding: /^1 routes/ })
  await writeFile(join(state, 'routes.mdb'), 'no database')
  t.match((await examined(codes, argv, env)).CEP0514, { state: 'failed', finding: new RegExp(`${state}.*is cut off`) })
  await chmod(state, 0o777)
  t.match((await examined(codes, argv, env)).CEP0511, { state: 'failed', remedy: `chmod 700 ${state}` })
  const memory = await examined(codes, [...argv, '--storage-backend', 'memory'], env)
  t.strictSame([...new Set(codes.map((code) => memory[code]?.state))], ['inapplicable'])
  const held = await lockDirectory(state)
  await held.close()
})

t.test('the directory of sockets', async (t) => {
  const { directory, env } = await environment(t)
  const long = join(directory, 'x'.repeat(100))
  const of = async (base: string) => (await examined(['CEP0515'], LOCAL, { ...env, XDG_RUNTIME_DIR: base })).CEP0515
  t.equal((await of(directory))?.state, 'ok')
  t.match(await of(long), { state: 'failed', finding: /too long/ })
  await symlink('/tmp', join(directory, 'configurable-envoy-proxy'))
  t.match(await of(directory), { state: 'failed', finding: /no directory/ })
})

t.test('the hub, by the default target', async (t) => {
  const { env } = await environment(t)
  const server = createHttpServer((_request, response) => {
    response
      .setHeader('date', new Date(Date.now() - 3_600_000).toUTCString())
      .writeHead(302)
      .end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const codes = ['CEP0601', 'CEP0602', 'CEP0603']
  const at = (target: string) => examined(codes, [...LOCAL, '--default-target', target], env)
  const well = await at(`http://localhost:${port}`)
  t.match(well.CEP0601, { state: 'ok', finding: 'localhost' })
  t.match(well.CEP0602, { state: 'ok', finding: /answers \(302\)/ })
  t.match(well.CEP0603, { state: 'failed', finding: /ahead of the hub's/ })
  const wrong = await at(`https://127.0.0.1:${port}`)
  t.match(wrong.CEP0602, { state: 'failed', finding: /is https meant, or http/ })
  server.close()
  const gone = await at(`http://ann:secret@127.0.0.1:${port}`)
  t.match(gone.CEP0602, { state: 'failed', finding: /nothing listens at http:\/\/\.\.\.@/ })
  t.match(gone.CEP0603, { state: 'ok' })
  t.match((await at('http://hub..invalid:8081')).CEP0601, { state: 'failed', finding: /hub\.\.invalid/ })
  t.match((await examined(codes, LOCAL, env)).CEP0602, { state: 'inapplicable' })
})

t.test('nothing is made, changed or left by any check', async (t) => {
  const { directory, env } = await environment(t)
  const state = join(directory, 'kept')
  await mkdir(state, { mode: 0o700 })
  const store = await LmdbStore.open(state, SILENT)
  const route = { routespec: '/', data: { target: 'http://127.0.0.1:1' }, lastActivity: new Date() }
  await store.write({ key: '/', before: undefined, after: route })
  await store.close()
  // LMDB would make it anew.
  await rm(join(state, 'routes.mdb-lock'))
  const stale = createServer().listen(join(directory, 'stale'))
  await once(stale, 'listening')
  await symlink(join(directory, 'stale'), join(directory, 'link'))
  stale.close()
  const files = async () => {
    const names = await readdir(directory, { recursive: true })
    const found = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)))
    return names.map((name, at) => [name, found[at]?.mtimeMs, found[at]?.size])
  }
  const before = await files()
  const tmp = await readdir(env.TMPDIR ?? '/tmp')
  const found = await examined([], [...LOCAL, '--state-dir', state, '--metrics-socket', join(directory, 'stale')], env)
  t.ok(Object.values(found).filter((result) => result.state === 'ok').length > 10)
  t.strictSame(await files(), before)
  const left = (await readdir(env.TMPDIR ?? '/tmp')).filter((name) => name.startsWith('cep-doctor-'))
  t.strictSame(
    left,
    tmp.filter((name) => name.startsWith('cep-doctor-')),
  )
  t.notMatch(JSON.stringify(found), /a-token-of-the-tests/)
})
