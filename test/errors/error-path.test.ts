import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { commandLine } from '../support/command-line.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

async function directoryOf(t: Test, pages: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  t.teardown(() => rm(directory, { recursive: true }))
  for (const [name, page] of Object.entries(pages)) await writeFile(join(directory, name), page)
  return directory
}

t.test('CODE.html is taken, else error.html, byte by byte', async (t) => {
  // Neither Envoy's formats nor any encoding may change it.
  const bytes = Buffer.from([0xff, 0, 0xe9])
  const own = { '404.html': 'none: %REQ(:path)% %LOCAL_REPLY_BODY%', 'error.html': bytes, 'notes.txt': 'x' }
  const proxy = await ProxyProcess.start(['--error-path', await directoryOf(t, own)])
  const upstream = await Backend.start('a', (_request, response) => response.writeHead(404).end('my own'))
  t.teardown(() => Promise.all([proxy.stop(), upstream.stop()]))
  const missing = await ask(proxy.port, '/nothing')
  t.equal(missing.status, 404)
  t.equal(missing.body, own['404.html'])
  t.equal(missing.headers['content-type'], 'text/html')
  await proxy.route('/dead', 'http://127.0.0.1:1')
  const dead = await fetch(`${proxy.url}/dead`)
  t.equal(dead.status, 503)
  t.ok(bytes.equals(Buffer.from(await dead.arrayBuffer())))
  await proxy.route('/own', upstream.url)
  t.match(await ask(proxy.port, '/own'), { status: 404, body: 'my own' })
})

t.test('where the directory has no page for a status, the built-in one is taken', async (t) => {
  const proxy = await ProxyProcess.start(['--error-path', await directoryOf(t, { '404.html': 'mine' })])
  t.teardown(() => proxy.stop())
  await proxy.route('/dead', 'http://127.0.0.1:1')
  t.equal((await ask(proxy.port, '/nothing')).body, 'mine')
  t.match((await ask(proxy.port, '/dead')).body, 'Error 503')
})

t.test('a directory without pages is said to have none', async (t) => {
  const proxy = await ProxyProcess.start(['--error-path', await directoryOf(t, {})])
  t.teardown(() => proxy.stop())
  t.match(proxy.output, 'warn: --error-path has neither error.html')
  t.match((await ask(proxy.port, '/nothing')).body, 'Error 404')
})

t.test('what cannot work is one line and the status 1', async (t) => {
  const empty = await directoryOf(t, { '404.html': '' })
  const cases: Array<[args: string[], line: RegExp]> = [
    [['--error-target', 'http://h', '--error-path', '/'], /--error-target and --error-path exclude each other/],
    [['--error-target', 'localhost:8081'], /--error-target: .* must start with http/],
    [['--error-target', '/hub/error'], /--error-target: .* not a URL/],
    [['--error-path', '/no/such'], /The directory of --error-path can't be read: ENOENT/],
    [['--error-path', empty], /404\.html must have 1 to 1048576 bytes, but it has 0/],
  ]
  for (const [args, line] of cases) {
    const { code, stderr } = await commandLine(args)
    t.equal(code, 1)
    t.match(stderr, /^error: [^\n]*\n$/)
    t.match(stderr, line)
  }
})
