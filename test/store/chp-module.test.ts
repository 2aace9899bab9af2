import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { backendOf } from '../support/http.js'
import { endProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'

const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
t.teardown(() => rm(directory, { recursive: true, force: true }))

/** A storage class as it would be written for CHP, which keeps its routes in a file. */
const FILE_BACKEND = `
  const fs = require('node:fs')
  const file = __filename + '.json'
  class FileBackend {
    constructor(options) {
      if (options.storageBackend !== __filename || typeof options.log.info !== 'function') throw new Error('no options')
      if (JSON.stringify(Object.keys(options)).match(/token|ssl/i)) throw new Error('secrets')
    }
    read() { return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {} }
    write(routes) { fs.writeFileSync(file, JSON.stringify(routes)) }
    async getAll() { return this.read() }
    async get(path) { return this.read()[path] }
    async getTarget() { throw new Error('not needed') }
    async add(path, data) {
      if (path === '/full') throw new Error('the disk is full')
      this.write({ ...this.read(), [path]: data })
    }
    async update(path, data) {
      const routes = this.read()
      Object.assign(routes[path], data)
      this.write(routes)
    }
    async remove(path) {
      const { [path]: removed, ...routes } = this.read()
      this.write(routes)
    }
  }
  module.exports = FileBackend
`

async function module(name: string, source: string): Promise<string> {
  const file = join(directory, name)
  await writeFile(file, source)
  return file
}

t.test('routes are kept where a storage class of CHP keeps them, and served after the next start', async (t) => {
  const file = await module('file-backend.cjs', FILE_BACKEND)
  const stored = async () => JSON.parse(await readFile(`${file}.json`, 'utf8')) as Record<string, object>
  const backend = await Backend.start('a')
  const left = { target: backend.url, jupyterhub: true, last_activity: '2026-01-02T03:04:05.678Z' }
  const unusable = { '/no-target': { jupyterhub: true }, '/bad': { target: 'nonsense' }, '/null': null }
  await writeFile(`${file}.json`, JSON.stringify({ '/user/left': left, '/user/gone': left, ...unusable }))

  const args = ['--storage-backend', file]
  const first = await ProxyProcess.start(args)
  t.teardown(() => Promise.all([first.stop(), backend.stop()]))
  t.equal(await backendOf(first.port, '/user/left'), 'a', 'what CHP had stored is served at once')
  t.strictSame(await (await first.api('GET', '/user/left')).json(), left)
  for (const path of Object.keys(unusable))
    t.match(first.output, `warn: --storage-backend ${file}: skipped what is stored for ${path}`)
  t.equal(await backendOf(first.port, '/bad'), 404)

  await first.route('/user/秀樹', backend.url, { jupyterhub: true })
  await first.api('DELETE', '/user/gone')
  const failed = await first.api('POST', '/full', { target: backend.url })
  t.equal(failed.status, 507)
  t.match(await failed.text(), 'the disk is full')
  t.equal(await backendOf(first.port, '/full'), 404, 'what is not stored is not served')
  t.match((await stored())['/user/秀樹'], { target: backend.url, jupyterhub: true, last_activity: /^20\d\d-.*Z$/ })

  first.child.kill('SIGKILL')
  await first.exit()
  await endProcess(await first.envoyPid())
  const second = await ProxyProcess.start(args)
  t.teardown(() => second.stop())
  t.equal(await backendOf(second.port, `/user/${encodeURIComponent('秀樹')}`), 'a')
  t.equal(await backendOf(second.port, '/user/gone'), 404)
})

t.test('a module can be an ECMAScript one with a default export', async (t) => {
  const file = await module(
    'own.mjs',
    `export default class { getAll() { return Promise.resolve({ '/': { target: 'http://127.0.0.1:1' } }) }
      add() {} update() {} remove() {} }`,
  )
  const proxy = await ProxyProcess.start(['--storage-backend', file])
  t.teardown(() => proxy.stop())
  t.match(await (await proxy.api('GET', '')).json(), { '/': { target: 'http://127.0.0.1:1' } })
})

t.test('a backend that can not be used is named in one line', async (t) => {
  const cases: Array<[name: string, line: RegExp]> = [
    ['no-such-backend', /no-such-backend can't be used: there is no such module\. Install it in \//],
    [await module('broken.cjs', 'syntax error'), /broken\.cjs can't be used: Unexpected identifier/],
    [await module('lacks.cjs', "require('no-such-dependency')"), /lacks\.cjs can't be used: .*no-such-dependency/],
    [await module('none.cjs', 'module.exports = {}'), /none\.cjs can't be used: it must export a class/],
    [
      await module('half.cjs', 'module.exports = class { getAll() {} }'),
      /half\.cjs can't be used: it has no method add/,
    ],
    [
      await module('throws.cjs', "module.exports = class { constructor() { throw new Error('no URL\\nat') } }"),
      /throws\.cjs can't be used: no URL\n$/,
    ],
    [
      await module(
        'away.cjs',
        "module.exports = class { async getAll() { throw new Error('ECONNREFUSED') } add() {} update() {} remove() {} }",
      ),
      /away\.cjs: the stored routes can't be read: ECONNREFUSED/,
    ],
  ]
  const starts = cases.map(async ([name, line]) => {
    const proxy = await ProxyProcess.spawn(['--storage-backend', name])
    t.equal((await proxy.exit()).code, 1, name)
    t.match(proxy.output, line)
    t.match(proxy.output, /^error: --storage-backend [^\n]*\n$/, 'one line')
    await proxy.stop()
  })
  await Promise.all(starts)
})
