import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { Authority } from '../support/certificate.js'
import { commandLine } from '../support/command-line.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'
import { exchange } from '../support/raw.js'
import { eventually } from '../support/wait.js'

const authority = await Authority.make()
const { keyFile, certFile } = await authority.issue()
const tls = ['--ssl-key', keyFile, '--ssl-cert', certFile]
t.teardown(() => authority.remove())

const END = 'Connection: close\r\n\r\n'

/** The status and where it leads. */
async function ask(port: number, bytes: string): Promise<{ status: number; location?: string; body: string }> {
  const answer = await exchange(port, bytes)
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2)
  const location = /^location: (.*)$/m.exec(head)?.[1]?.trim()
  return { status: Number(head.split(' ')[1]), ...(location !== undefined && { location }), body }
}

t.test('whoever comes by HTTP is sent to the same place by HTTPS', async (t) => {
  const [redirectPort = 0] = await freePorts(1)
  const proxy = await ProxyProcess.start([...tls, '--redirect-port', String(redirectPort)])
  t.teardown(() => proxy.stop())
  const line = `Added HTTP to HTTPS redirection from ${redirectPort} to ${proxy.port}`
  await eventually(() => proxy.output.includes(line), 'it says so')

  const cases: Array<[request: string, location: string]> = [
    [`GET /user/a%20b/?x=1&y=%2F HTTP/1.1\r\nHost: hub.example:${redirectPort}`, 'hub.example/user/a%20b/?x=1&y=%2F'],
    ['POST / HTTP/1.1\r\nHost: hub.example\r\nContent-Length: 0', 'hub.example/'],
    ['DELETE /x HTTP/1.1\r\nHost: hub.example', 'hub.example/x'],
    ['GET / HTTP/1.1\r\nHost: [::1]:80', '[::1]/'],
    ['GET / HTTP/1.1\r\nHost: [::1]', '[::1]/'],
    ['GET /old HTTP/1.0\r\nHost: hub.example', 'hub.example/old'],
    ['GET /%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: hub.example', 'hub.example/%0d%0aSet-Cookie:x'],
    ['GET http://hub.example/absolute HTTP/1.1\r\nHost: hub.example', 'hub.example/absolute'],
    ['GET /ws HTTP/1.1\r\nHost: hub.example\r\nUpgrade: websocket', 'hub.example/ws'],
  ]
  // All at once: Envoy leaves a connection that it closes open for a second.
  const redirected = cases.map(async ([request, to]) => {
    const end = request.includes('Upgrade') ? 'Connection: Upgrade\r\n\r\n' : END
    const location = `https://${to.replace(/^(\[.*?\]|[^/]*)/, `$1:${proxy.port}`)}`
    t.strictSame(await ask(redirectPort, `${request}\r\n${end}`), { status: 301, location, body: '' }, request)
  })

  const unclear = ['GET / HTTP/1.1', 'GET / HTTP/1.0', 'GET / HTTP/1.1\r\nHost:', 'GET / HTTP/1.1\r\nHost: a b"<>/']
  const refused = [...unclear, 'GET /\x01\r\nX HTTP/1.1\r\nHost: a'].map(async (request) => {
    const { status, location, body } = await ask(redirectPort, `${request}\r\n${END}`)
    t.equal(status, 400, request)
    t.equal(location, undefined)
    t.match(body, `redirects to HTTPS on port ${proxy.port}`)
  })
  await Promise.all([...redirected, ...refused])
})

t.test('what it can not redirect leaves a line, as on the port of HTTPS', async (t) => {
  const [redirectPort = 0] = await freePorts(1)
  const proxy = await ProxyProcess.start([...tls, '--redirect-port', String(redirectPort), '--request-timeout', '1'])
  t.teardown(() => proxy.stop())
  await eventually(() => proxy.output.includes('HTTP to HTTPS redirection'), 'it redirects')
  const cases: Array<[request: string, line: RegExp]> = [
    [`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${'x'.repeat(70_000)}\r\n${END}`, /warn: 431 .*the headers are too large/],
    ['NONSENSE\r\n\r\n', /warn: 400 \(no request yet\) the request is malformed/],
    [`GET /hostless?token=secret HTTP/1.1\r\nHost:\r\n${END}`, /warn: 400 GET \/hostless it names no host/],
    ['GET /slow HTTP/1.1\r\nHost: a\r\n', /warn: 408 .*the client did not send its request in time/],
  ]
  t.equal((await ask(redirectPort, `GET /well HTTP/1.1\r\nHost: a\r\n${END}`)).status, 301)
  await Promise.all(cases.map(([request]) => exchange(redirectPort, request)))
  for (const [, line] of cases) await eventually(() => line.test(proxy.output), `a line like ${line}`)
  t.notMatch(proxy.output, /secret|\/well/)
})

t.test("the port of HTTPS is left out of the URL, another of --redirect-to isn't", async (t) => {
  const cases = { 443: 'hub.example', 8443: 'hub.example:8443' }
  const redirections = Object.entries(cases).map(async ([to, host]) => {
    const [redirectPort = 0] = await freePorts(1)
    const proxy = await ProxyProcess.start([...tls, '--redirect-port', String(redirectPort), '--redirect-to', to])
    t.teardown(() => proxy.stop())
    const { location } = await ask(redirectPort, `GET /x HTTP/1.1\r\nHost: hub.example:8080\r\n${END}`)
    t.equal(location, `https://${host}/x`)
  })
  await Promise.all(redirections)
})

t.test('a redirection that can not work is refused in one line', async (t) => {
  const cases: Array<[args: string[], line: RegExp]> = [
    [['--redirect-port', '8080'], /^error: --redirect-port needs --ssl-key and --ssl-cert/],
    [
      [...tls, '--socket', '/x', '--redirect-port', '8080'],
      /^error: --redirect-port needs --redirect-to beside --socket/,
    ],
    [[...tls, '--port', '8080', '--redirect-port', '8080'], /^error: --redirect-port and --port are both 8080/],
  ]
  for (const [args, line] of cases) {
    const { code, stderr } = await commandLine(args)
    t.equal(code, 1, args.join(' '))
    t.match(stderr, line)
    t.match(stderr, /^[^\n]*\n$/)
  }
})

t.test('a port of the redirection that is taken is said in one line', async (t) => {
  const [port = 0] = await freePorts(1)
  const taken = createServer().listen(port, '0.0.0.0')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const proxy = await ProxyProcess.spawn([...tls, '--redirect-port', String(port)])
  t.equal((await proxy.exit()).code, 1)
  t.match(proxy.output, /^error: The redirection to HTTPS can't listen on .*:\d+: the port is in use\.[^\n]*\n$/)
  await proxy.stop()
})
