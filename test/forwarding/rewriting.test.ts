import type { Test } from 'tap'
import t from 'tap'
import { commandLine } from '../support/command-line.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { RawBackend } from '../support/raw.js'

/*
 * What is expected was seen of configurable-http-proxy 5.3.0, but for what docs/compatibility.md names.
 */

const backend = await RawBackend.start()
t.teardown(() => backend.stop())

/** Starts a proxy whose routes all lead to the backend, to these paths of it, and returns how it asks. */
async function start(t: Test, args: string[], routes: Record<string, string>) {
  const proxy = await ProxyProcess.start(args)
  t.teardown(() => proxy.stop())
  for (const [routespec, path] of Object.entries(routes)) await proxy.route(routespec, backend.url + path)
  return async (path: string, host = 'hub.example') => {
    const { headers } = await ask(proxy.port, path, { headers: { host } })
    return { asked: backend.taken(), location: headers.location }
  }
}

t.test('--no-include-prefix takes the prefix of the route out of the path', async (t) => {
  const request = await start(t, ['--no-include-prefix'], {
    '/': '',
    '/user/alice': '',
    '/foo': '/base',
    '/b%40r': '/t',
    '/%E7%A7%80': '/t',
  })
  const paths: Array<[string, string]> = [
    ['/x?q=1', '/x?q=1'],
    ['/', '/'],
    ['/user/alice', '/'],
    ['/user/alice?q', '/?q'],
    ['/user/alice/', '/'],
    ['/user/alice/x?q=/user/alice', '/x?q=/user/alice'],
    ['/user/alice/a%2Fb%20c', '/a%2Fb%20c'],
    ['/user/alice//x', '//x'],
    ['/user/alice/user/alice', '/user/alice'],
    ['/user/alice/../bob', '/user/bob'],
    ['/user/alicex/y', '/user/alicex/y'],
    ['/foo', '/base'],
    ['/foo?q', '/base?q'],
    ['/foo/', '/base/'],
    ['/foo/x', '/base/x'],
    ['/b@r/x', '/t/x'],
    // In other spellings CHP cuts somewhere within.
    ['/b%40r/x', '/t/x'],
    ['/user%2Falice/x', '/x'],
    ['/%75ser/../user/alice/./x', '/x'],
    ['//user/alice/x', '/x'],
    ['/%E7%A7%80/%E7%A7%80', '/t/%E7%A7%80'],
  ]
  for (const [path, expected] of paths) t.equal((await request(path)).asked.path, expected, path)
  t.strictSame(
    Object.keys((await request('/foo')).asked.headers).filter((name) => !name.startsWith('x-forwarded-')),
    ['host'],
    'and leaves no trace of how',
  )
})

t.test('--no-prepend-path leaves out the path of the target', async (t) => {
  const alone = await start(t, ['--no-prepend-path'], { '/foo': '/base' })
  t.equal((await alone('/foo/x?q')).asked.path, '/foo/x?q')
  const both = await start(t, ['--no-prepend-path', '--no-include-prefix', '--host-routing'], {
    '/': '/root',
    '/hub.example': '/base',
    '/hub.example/user/alice': '/base',
  })
  t.equal((await both('/user/alice/x?q')).asked.path, '/x?q', 'with the prefix, to which the host does not count')
  t.equal((await both('/user/alice')).asked.path, '/')
  t.equal((await both('/hub/x')).asked.path, '/hub/x')
  t.equal((await both('/hub/x', 'other.example')).asked.path, '/hub/x')
})

t.test('the Location of redirects to the target is rewritten as the options say', async (t) => {
  const redirected = async (
    request: Awaited<ReturnType<typeof start>>,
    location: string,
    status = '302 Found',
    host = 'hub.example',
  ) => {
    backend.reply = `HTTP/1.1 ${status}\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`
    return (await request('/x', host)).location
  }
  const target = backend.host
  const auto = await start(t, ['--auto-rewrite'], { '/': '' })
  for (const status of ['201 Created', '301 A', '302 B', '307 C', '308 D']) {
    t.equal(await redirected(auto, `http://${target}/y?a=1#f`, status), 'http://hub.example/y?a=1#f', status)
  }
  t.equal(await redirected(auto, `http://${target}`, '302 F', 'hub:8443'), 'http://hub:8443/', 'with the port of Host')
  t.equal(await redirected(auto, `https://${target}?q`), 'https://hub.example/?q', 'keeps its scheme')
  const others = ['/rel', `//${target}/y`, 'http://other/y', `http://${target}0/y`, '', 'http://', `ftp:${target}`]
  for (const location of others) t.equal(await redirected(auto, location), location, `not: ${location}`)
  for (const status of ['200 OK', '303 See Other', '300 M', '404 N']) {
    t.equal(await redirected(auto, `http://${target}/y`, status), `http://${target}/y`, `not with ${status}`)
  }

  const scheme = await start(t, ['--protocol-rewrite', 'https'], { '/': '' })
  t.equal(await redirected(scheme, `http://${target}/y`), `https://${target}/y`, '--protocol-rewrite')
  t.equal(await redirected(scheme, 'http://other/y'), 'http://other/y')

  const all = await start(t, ['--auto-rewrite', '--protocol-rewrite', 'https', '--change-origin'], { '/': '/base' })
  t.equal(await redirected(all, `http://${target}/y`), 'https://hub.example/y', 'all together')
  const { asked } = await all('/x')
  t.strictSame(asked.headers.host, [target], "--change-origin: Host is the target's")
  t.strictSame(asked.headers['x-forwarded-host'], ['hub.example'])
  t.equal(asked.path, '/base/x')
})

t.test('values that make no sense end the start with one line', async (t) => {
  for (const [args, line] of [
    [
      ['--custom-header', 'a b: secret'],
      /^error: --custom-header "a b": its name or value is not allowed in HTTP\.\n$/,
    ],
    [['--custom-header', 'a: se\ncret'], /^error: --custom-header "a": its name or value is not allowed in HTTP\.\n$/],
    [['--protocol-rewrite', 'gopher'], /^error: --protocol-rewrite is http or https, not gopher\.\n$/],
  ] as const) {
    const { code, stderr } = await commandLine(args)
    t.equal(code, 1)
    t.match(stderr, line)
  }
})
