import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Test } from 'tap'
import t from 'tap'
import type { Explanation } from '../../src/operations/explain/explanation.js'
import type { Cause } from '../../src/operations/explain/finding.js'
import type { Overview } from '../../src/operations/status/overview.js'
import { Backend } from '../support/backend.js'
import { BlackHole } from '../support/black-hole.js'
import { Authority } from '../support/certificate.js'
import { commandLine } from '../support/command-line.js'
import { PLAIN_NODE } from '../support/environment.js'
import { ask, backendOf } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { CLI, ProxyProcess, TOKEN } from '../support/proxy.js'
import { RawBackend } from '../support/raw.js'
import { eventually } from '../support/wait.js'

const authority = await Authority.make()
const proxy = await ProxyProcess.start([
  ...['--client-ssl-ca', authority.file, '--max-requests-per-route', '1', '--max-connections', '40', '--workers', '1'],
])
const well = await Backend.start('well', (incoming, response) => {
  if (incoming.url?.includes('never')) return
  response.statusCode = 302
  response.end()
})
const expired = await Backend.start('expired', undefined, 0, await authority.expired())
const [ssh, silent] = await Promise.all([RawBackend.start(), RawBackend.start()])
t.teardown(() => Promise.all([proxy, well, expired, ssh, silent].map((one) => one.stop())))
t.teardown(() => authority.remove())
await proxy.route('/', well.url, { hub: true })

async function explain(path: string, asked = proxy): Promise<Explanation> {
  const response = await fetch(`http://127.0.0.1:${asked.apiPort}/api/explain?${new URLSearchParams({ path })}`, {
    headers: { authorization: `token ${TOKEN}` },
  })
  return (await response.json()) as Explanation
}

/** Waits until the status has a finding of this code. */
async function named(code: string, asked = proxy): Promise<void> {
  await eventually(async () => {
    const headers = { authorization: `token ${TOKEN}` }
    const response = await fetch(`http://127.0.0.1:${asked.apiPort}/api/status`, { headers })
    return ((await response.json()) as Overview).verdict.findings.some((finding) => finding.code === code)
  }, `the status names ${code}`)
}

/** Plants a route, lets a user meet it, and expects its cause first, and what Envoy has told of it. */
async function fault(t: Test, routespec: string, target: string, cause: Cause, code?: string): Promise<void> {
  await proxy.route(routespec, target, { user: 'alice' })
  if (code !== undefined) {
    await ask(proxy.port, `${routespec}/lab?token=secret-of-a-user`)
    await eventually(
      async () => (await explain(routespec)).errors.length > 0,
      `Envoy reports the failure of ${routespec}`,
    )
  }
  const explained = await explain(`${routespec}/lab`)
  t.match(explained, { reachable: false, findings: [{ cause, severity: 'error' }], route: { routespec } }, routespec)
  if (code !== undefined) {
    t.match(explained.errors, [{ code, count: 1, reason: /./, last: /^20/ }])
    await named(`failed_${code}`)
  }
  t.notMatch(JSON.stringify(explained), 'secret-of-a-user')
}

t.test('a target that refuses, hangs, is another program, or has no address is named', async (t) => {
  const [[port], hole] = await Promise.all([freePorts(1), BlackHole.open()])
  t.teardown(() => hole.close())
  ssh.reply = 'SSH-2.0-OpenSSH_9.9\r\n'
  silent.reply = ''
  await Promise.all([
    fault(t, '/user/refuses', `http://127.0.0.1:${port}`, 'target_refuses', 'connection_refused'),
    fault(t, '/user/socket', 'http+unix://%2Fnowhere%2Fa.sock', 'target_refuses', 'no_socket'),
    fault(t, '/user/ssh', ssh.url, 'wrong_port', 'not_http'),
    fault(t, '/user/plain', well.url.replace('http', 'https'), 'wrong_port', 'not_tls'),
    fault(t, '/user/name', 'http://no-such-host.invalid:8888', 'dns_gone', 'unresolved'),
    fault(t, '/user/expired', expired.url, 'target_certificate_expired', 'certificate_expired'),
    fault(t, '/user/hangs', silent.url, 'target_hangs'),
    fault(t, '/user/gone', hole.url, 'target_hangs'),
  ])
})

t.test('a route that is full is named, and what is under way is counted', async (t) => {
  await proxy.route('/user/full', well.url)
  const first = request({ port: proxy.port, host: '127.0.0.1', path: '/user/full/never' }).on('error', () => {})
  first.end()
  await eventually(async () => (await ask(proxy.port, '/user/full/x')).status === 503, 'the route is full')
  await eventually(async () => (await explain('/user/full')).findings[0]?.cause === 'route_full', 'it is said')
  t.match((await explain('/user/full')).route, { underWay: 1, underWayOf: 'all' }, 'one request is under way, at once')
  await named('failed_route_full')
  t.match(await explain('/user/full'), { reachable: false, errors: [{ code: 'route_full' }], probe: { status: 302 } })
  first.destroy()
})

t.test('a full heap and a certificate that has expired are named', async (t) => {
  const { keyFile, certFile } = await authority.expired()
  const full = await ProxyProcess.spawn([
    ...['--max-heap', '16', '--ssl-key', keyFile, '--ssl-cert', certFile, '--workers', '1'],
  ])
  t.teardown(() => full.stop())
  await eventually(() => full.output.includes('Proxying'), 'it serves')
  await full.route('/', well.url)
  await eventually(async () => {
    const client = connectTls({ port: full.port, host: '127.0.0.1', rejectUnauthorized: false })
    client.on('error', () => {})
    client.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').resume()
    await once(client, 'close')
    return (await explain('/', full)).findings.some(({ cause }) => cause === 'heap_full')
  }, 'the heap is said to be full')
  t.match((await explain('/', full)).findings, [
    { cause: 'certificate_expired', what: /expired, 24 h ago|expired, \d+ days ago/ },
    { cause: 'heap_full', todo: /--max-heap/ },
  ])
  await named('certificate_expired', full)
  await named('failed_heap_full', full)
})

t.test('a user without a route is named, and a server that is well', async (t) => {
  t.match(await explain('/user/nobody/lab'), { reachable: false, findings: [{ cause: 'route_missing' }] })
  t.match(await explain('/hub/login'), { reachable: true, findings: [{ cause: 'ok' }], probe: { status: 302 } })
})

/** The command as an operator types it beside this proxy. */
function command(args: readonly string[], token = TOKEN): Promise<{ code: number; stdout: string; stderr: string }> {
  const [node, ...before] = PLAIN_NODE
  const api = ['--api-ip', '127.0.0.1', '--api-port', String(proxy.apiPort)]
  const env = { ...process.env, CONFIGPROXY_AUTH_TOKEN: token }
  return new Promise((resolve) => {
    execFile(node, [...before, CLI, 'explain', ...args, ...api], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

t.test('the command says it in words or as JSON, and by its exit status', async (t) => {
  const [port] = await freePorts(1)
  await proxy.route('/user/alice', `http://me:secret@127.0.0.1:${port}`, { user: 'alice', key: 'secret' })
  const [refused, well, json, denied] = await Promise.all([
    command(['/user/alice/lab?token=secret']),
    command(['/hub/login']),
    command(['/user/alice', '--output', 'json']),
    command(['/'], 'another-token'),
  ])
  t.match(refused, { code: 1, stderr: '' })
  t.match(refused.stdout, /^Request +\/user\/alice\/lab\nRoute +\/user\/alice\n/)
  t.match(refused.stdout, /Posted +.*user="alice".*key="\(not shown\)"/)
  t.match(refused.stdout, /Envoys +embedded-\d+ has acknowledged it, version \S+\n/)
  t.match(refused.stdout, /Target now +refuses the connection \(ECONNREFUSED\), after \d+ ms/)
  t.match(refused.stdout, /\n\nIt can NOT be reached\. Nothing listens on port \d+ of 127.0.0.1.*\[target_refuses\]\n$/)
  t.match(well, { code: 0, stdout: /It can be reached\. Nothing is wrong/ })
  t.match(JSON.parse(json.stdout), { reachable: false, findings: [{ cause: 'target_refuses' }] })
  t.match(denied, { code: 2, stderr: /set CONFIGPROXY_AUTH_TOKEN/ })
  const printed = [refused, json].map(({ stdout, stderr }) => stdout + stderr)
  for (const text of [...printed, proxy.output]) t.notMatch(text, /secret|a-token-of-the-tests/)
})

t.test('a proxy that can not be asked, and a wrong command line, are another exit status', async (t) => {
  const [port] = await freePorts(1)
  t.match(await commandLine(['explain', 'user/alice']), { code: 2, stderr: /begin with a slash/ })
  t.match(await commandLine(['explain']), { code: 2, stderr: /missing required argument 'path'/ })
  t.match(await commandLine(['explain', '/', '--no-such-option']), { code: 2, stderr: /unknown option/ })
  const away = await commandLine(['explain', '/', '--api-port', String(port)])
  t.match(away, { code: 2, stderr: /Is the proxy running/ })
})

t.test('the route that is named is the one that Envoy takes, however a path is written', async (t) => {
  const names = ['/a/b', '/user/foo@bar', '/秀樹', '/space word', '/x']
  const backends = await Promise.all(names.map((name) => Backend.start(name)))
  t.teardown(() => Promise.all(backends.map((backend) => backend.stop())))
  for (const [index, name] of names.entries()) await proxy.route(encodeURI(name), backends[index]?.url ?? '')
  const paths = [
    ...[
      '/a/b/c',
      '//a//b',
      '//a/b',
      '/a/./b',
      '/a/x/../b/',
      '/a%2Fb',
      '/a/%2e%2E/a/b',
      '/\\a\\b',
      '/a/b/..',
      '/.x/a/b',
    ],
    ...['/x/../../a/b', '/user/foo%40bar/x', '/%E7%A7%80%E6%A8%B9/x', '/space%20word', '/x%', '/x%/y', '/x?/a/b'],
    ...['/x/%zz', '/X', '/xx', '/x;a'],
  ]
  for (const path of paths) {
    const taken = await backendOf(proxy.port, path)
    t.equal((await explain(path)).route?.routespec, taken === 302 ? '/' : taken, path)
  }
})

t.test('an Envoy that restarts, and a hub that is down, are named', async (t) => {
  process.kill(await proxy.envoyPid(), 'SIGKILL')
  await eventually(async () => (await explain('/')).findings[0]?.cause === 'envoy_restarting', 'the restart is named')
  await eventually(async () => (await explain('/')).events[0]?.kind === 'envoy_back', 'it is over')
  t.match(await explain('/'), { reachable: true, events: [{ kind: 'envoy_back', reason: /away for/ }] })
  await named('envoy_restarted')
  await well.stop()
  t.match(await explain('/hub/login'), { reachable: false, findings: [{ cause: 'hub_down' }] })
  await ask(proxy.port, '/hub/login')
  await named('hub_down')
})

t.test('that all connections are taken is named', async (t) => {
  const clients = Array.from({ length: 45 }, () => connect(proxy.port, '127.0.0.1').on('error', () => {}))
  await eventually(async () => (await explain('/')).findings[0]?.cause === 'connections_full', 'it is said')
  t.match(await explain('/'), { reachable: false, findings: [{ what: /--max-connections/, todo: /ulimit/ }] })
  await named('failed_connections_full')
  for (const client of clients) client.destroy()
})
