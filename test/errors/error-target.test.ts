import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { ErrorServer } from '../support/error-server.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

const NOBODY = 'http://127.0.0.1:1'

const errors = await ErrorServer.start()
const proxy = await ProxyProcess.start(['--error-target', errors.url])
t.teardown(() => Promise.all([proxy.stop(), errors.stop()]))
t.beforeEach(() => {
  errors.asked.length = 0
})

t.test('what fails is answered with the page, its type and the status of the failure, and nothing else', async (t) => {
  const { answer } = errors
  t.teardown(() => {
    errors.answer = answer
  })
  errors.answer = (request, response) => {
    response.setHeader('set-cookie', 'a=1')
    response.setHeader('x-own', 'yes')
    answer(request, response)
  }
  await proxy.route('/dead', `${NOBODY}/elsewhere`)
  for (const [path, status, escaped] of [
    ['/nothing/here?x=1&y=a%20b', 404, '%2Fnothing%2Fhere%3Fx%3D1%26y%3Da%2520b'],
    ['/dead/tree', 503, '%2Fdead%2Ftree'],
  ] as const) {
    const failed = await ask(proxy.port, path)
    t.equal(failed.status, status)
    t.equal(failed.body, `page for /hub/error/${status}?url=${escaped}`)
    t.strictSame(Object.keys(failed.headers).sort(), ['connection', 'content-length', 'content-type', 'date'])
    t.equal(failed.headers['content-type'], 'text/html; charset=utf-8')
  }
})

t.test("the error target learns nothing of the user's request but its path", async (t) => {
  const headers = { cookie: 'c=secret', authorization: 'token secret', 'x-cep-failed-path': '/spoofed', accept: 'x' }
  await ask(proxy.port, '/nothing', { method: 'POST', headers }, 'a body')
  t.equal(errors.asked[0]?.method, 'GET')
  t.strictSame(errors.urls, ['/hub/error/404?url=%2Fnothing'])
  t.strictSame(errors.asked[0]?.rawHeaders, ['host', `127.0.0.1:${errors.port}`])
})

t.test("a backend's own errors pass untouched, even if they look like ours", async (t) => {
  const headers = { 'x-cep-failed-path': '/x', 'x-cep-answered': 'yes' }
  const backend = await Backend.start('a', (_request, response) => response.writeHead(503, headers).end('mine'))
  t.teardown(() => backend.stop())
  await proxy.route('/own', backend.url)
  t.match(await ask(proxy.port, '/own'), { status: 503, body: 'mine' })
  t.strictSame(errors.urls, [])
})

t.test('requests with bodies are answered too, of whatever size', async (t) => {
  await proxy.route('/dead', NOBODY)
  for (const size of [10, 5_000_000]) {
    const { status, body } = await ask(proxy.port, '/dead', { method: 'POST' }, 'x'.repeat(size))
    t.equal(status, 503)
    t.equal(body, 'page for /hub/error/503?url=%2Fdead')
  }
})

t.test('HEAD gets the headers of the page', async (t) => {
  const { status, headers, body } = await ask(proxy.port, '/nothing', { method: 'HEAD' })
  t.equal(status, 404)
  t.equal(headers['content-length'], String('page for /hub/error/404?url=%2Fnothing'.length))
  t.equal(body, '')
})

t.test('a websocket gets the bare status, without a page being asked for', async (t) => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket' }
  const { status, headers, body } = await ask(proxy.port, '/nothing', { headers: upgrade })
  t.equal(status, 404)
  t.equal(headers['content-length'], '0')
  t.equal(body, '')
  t.strictSame(errors.urls, [])
})

t.test('the page may have any status, type and encoding, and any size up to 1 MiB', async (t) => {
  const { answer } = errors
  t.teardown(() => {
    errors.answer = answer
  })
  errors.answer = (_request, response) => response.writeHead(500).end('%REQ(:path)%')
  t.match(await ask(proxy.port, '/nothing'), {
    status: 404,
    body: '%REQ(:path)%',
    headers: { 'content-type': undefined },
  })

  errors.answer = (_request, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/x' }).end(gzipSync('zipped'))
  const { headers } = await ask(proxy.port, '/nothing')
  t.match(headers, { 'content-encoding': 'gzip', 'content-type': 'text/x' })
  t.equal(await (await fetch(`${proxy.url}/nothing`)).text(), 'zipped')

  errors.answer = (_request, response) => response.end('x'.repeat(1024 * 1024))
  t.equal((await ask(proxy.port, '/nothing')).body.length, 1024 * 1024)
})

t.test('what the error target is asked for changes neither activity nor the table', async (t) => {
  const before = await (await proxy.api('GET', '')).json()
  await ask(proxy.port, '/dead')
  t.strictSame(await (await proxy.api('GET', '')).json(), before)
  t.equal((await ask(proxy.port, '/error_target')).status, 404)
  t.strictSame(errors.urls.at(-1), '/hub/error/404?url=%2Ferror_target', 'nor is it a route')
})

t.test('the error target may be on a unix socket, in both spellings, or have a host name', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  const socketPath = join(directory, 'hub.sock')
  const onSocket = await ErrorServer.start(socketPath)
  t.teardown(async () => {
    await onSocket.stop()
    await rm(directory, { recursive: true })
  })
  const escaped = encodeURIComponent(socketPath)
  const targets: Array<[url: string, server: ErrorServer, host: string]> = [
    [`http+unix://${escaped}/hub/error`, onSocket, 'localhost'],
    [`unix+http://${escaped}/hub/error/`, onSocket, 'localhost'],
    [`http://localhost:${errors.port}/hub/error`, errors, `localhost:${errors.port}`],
  ]
  for (const [url, server, host] of targets) {
    const other = await ProxyProcess.start(['--error-target', url])
    t.teardown(() => other.stop())
    const { status, body } = await ask(other.port, '/nothing')
    t.equal(status, 404, url)
    t.equal(body, 'page for /hub/error/404?url=%2Fnothing', url)
    t.equal(server.asked.at(-1)?.headers.host, host, url)
  }
})
