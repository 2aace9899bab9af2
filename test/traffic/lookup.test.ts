import fc from 'fast-check'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { ask, backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

/** The longest routespec that is a prefix of a path on segment boundaries, by CHP's rules. */
function expected(routespecs: readonly string[], path: string): string {
  const plain = decodeURIComponent(new URL(`http://host${path}`).pathname).replace(/^\/+|\/+$/g, '')
  const segments = plain === '' ? [] : plain.split('/')
  for (let length = segments.length; length > 0; length -= 1) {
    const candidate = `/${segments.slice(0, length).join('/')}`
    if (routespecs.includes(candidate)) return candidate
  }
  return '/'
}

t.test('the longest prefix on segment boundaries wins, whatever the spelling', async (t) => {
  const proxy = await ProxyProcess.start(['--log-level', 'warn'])
  const names = ['/', '/user/al', '/user/alice', '/user/alice/lab', '/user/foo@bar', '/a/b', '/秀樹', '/space word']
  const backends = await Promise.all(names.map((name) => Backend.start(name)))
  t.teardown(() => Promise.all([proxy.stop(), ...backends.map((backend) => backend.stop())]))
  for (const [index, name] of names.entries()) {
    await proxy.route(encodeURI(name), backends[index]?.url ?? '')
  }

  const cases: Array<[path: string, backend: string]> = [
    ['/', '/'],
    ['/user', '/'],
    ['/user/al', '/user/al'],
    ['/user/al?x=/user/alice', '/user/al'],
    ['/user/alic', '/'],
    ['/user/alice', '/user/alice'],
    ['/user/alice/', '/user/alice'],
    ['/user/alice/la', '/user/alice'],
    ['/user/alice/lab/tree?path=..%2F', '/user/alice/lab'],
    ['/user/alicex', '/'],
    ['/user/foo%40bar/x', '/user/foo@bar'],
    ['/user/foo@bar/x', '/user/foo@bar'],
    ['/user%2Falice', '/user/alice'],
    ['/user/x/../alice/y', '/user/alice'],
    ['/user/alice/../../a/b/c', '/a/b'],
    ['/user/alice/%2e%2E/al', '/user/al'],
    ['/user/alice?/lab/../../x%', '/user/alice'],
    ['/user/alice\\lab', '/user/alice/lab'],
    ['/a/./b', '/a/b'],
    ['/a//b', '/'],
    ['/a/b//', '/a/b'],
    ['/%E7%A7%80%E6%A8%B9/x', '/秀樹'],
    ['/space%20word', '/space word'],
    [`/user/alice/${'deep/'.repeat(300)}`, '/user/alice'],
    [`/${'x/'.repeat(3000)}`, '/'],
  ]
  for (const [path, name] of cases) t.equal(await backendOf(proxy.port, path), name, path.slice(0, 60))

  const segment = fc.constantFrom(
    'user',
    'al',
    'alice',
    'lab',
    'foo%40bar',
    'foo@bar',
    'a',
    'b',
    '.',
    '..',
    '%2e',
    '',
    'a%2Fb',
  )
  const paths = fc.sample(fc.array(segment, { minLength: 1, maxLength: 6 }), 300).map((parts) => `/${parts.join('/')}`)
  for (const path of paths) {
    // CHP takes what follows a leading // for a host.
    if (path.startsWith('//')) continue
    t.equal(await backendOf(proxy.port, path), expected(names, path), path)
  }
})

t.test(
  'the backend gets the path as the client spelled it, but without dot segments, after the target path',
  async (t) => {
    const proxy = await ProxyProcess.start(['--log-level', 'warn'])
    const backend = await Backend.start('a')
    t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
    await proxy.route('/plain', backend.url)
    await proxy.route('/based', `${backend.url}/foo/`)
    const cases: Array<[asked: string, got: string]> = [
      ['/plain/a%40b@c/%2F?q=%20&r', '/plain/a%40b@c/%2F?q=%20&r'],
      ['/plain/../plain/x', '/plain/x'],
      ['/plain//x', '/plain//x'],
      ['/plain?', '/plain?'],
      ['/based', '/foo/based'],
      ['/based/x?q', '/foo/based/x?q'],
    ]
    for (const [asked, got] of cases) {
      t.equal((JSON.parse((await ask(proxy.port, asked)).body) as { url: string }).url, got, asked)
    }
  },
)

t.test('nothing matches: 404, until there is a default; the default is an ordinary route', async (t) => {
  const [hub, other] = await Promise.all([Backend.start('hub'), Backend.start('other')])
  const proxy = await ProxyProcess.start(['--default-target', hub.url])
  t.teardown(() => Promise.all([proxy.stop(), hub.stop(), other.stop()]))
  t.equal(await backendOf(proxy.port, '/anything'), 'hub')
  t.match(await (await proxy.api('GET', '')).json(), { '/': { target: hub.url, last_activity: String } })
  await proxy.route('/', other.url)
  t.equal(await backendOf(proxy.port, '/anything'), 'other')
  t.equal((await proxy.api('DELETE', '/')).status, 204)
  t.equal(await backendOf(proxy.port, '/anything'), 404)
})

t.test('with --host-routing the host is the first segment', async (t) => {
  const names = ['/', '/alice.example.com', '/alice.example.com/user/alice', '/bob.example.com']
  const backends = await Promise.all(names.map((name) => Backend.start(name)))
  const proxy = await ProxyProcess.start(['--host-routing'])
  t.teardown(() => Promise.all([proxy.stop(), ...backends.map((backend) => backend.stop())]))
  for (const [index, name] of names.entries()) await proxy.route(name, backends[index]?.url ?? '')

  const cases: Array<[host: string, path: string, backend: string]> = [
    ['alice.example.com', '/', '/alice.example.com'],
    ['alice.example.com:8000', '/user/alicex', '/alice.example.com'],
    ['ALICE.example.com', '/user/alice/lab', '/alice.example.com/user/alice'],
    ['bob.example.com', '/user/alice', '/bob.example.com'],
    ['carol.example.com', '/user/alice', '/'],
    ['evil.com', '/alice.example.com/user/alice', '/'],
  ]
  for (const [host, path, name] of cases) {
    t.equal(await backendOf(proxy.port, path, { headers: { host } }), name, `${host}${path}`)
  }
  t.match(await (await proxy.api('GET', '')).json(), {
    '/alice.example.com/user/alice': { host: 'alice.example.com' },
    '/bob.example.com': { host: 'bob.example.com' },
  })
  t.notOk(Object.hasOwn((await (await proxy.api('GET', '/')).json()) as object, 'host'))
})

t.test('the health check is exactly its path', async (t) => {
  const hub = await Backend.start('hub')
  const proxy = await ProxyProcess.start(['--default-target', hub.url])
  t.teardown(() => Promise.all([proxy.stop(), hub.stop()]))
  for (const method of ['GET', 'POST']) {
    const { status, headers, body } = await ask(proxy.port, '/_chp_healthz', { method })
    t.strictSame([status, headers['content-type'], body], [200, 'application/json', '{"status":"OK"}'], method)
  }
  t.equal(await backendOf(proxy.port, '/_chp_healthz?x'), 'hub')
  t.equal(await backendOf(proxy.port, '/_chp_healthz/x'), 'hub')
})
