import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { ask, backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

const proxy = await ProxyProcess.start()
t.teardown(() => proxy.stop())

t.test('websockets carry text and binary both ways, and outlive their route', async (t) => {
  const backend = await Backend.start('a')
  t.teardown(() => backend.stop())
  await proxy.route('/ws', backend.url)
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/ws/channels?session=1`)
  await once(socket, 'open')
  const echo = async (data: string | Buffer) => {
    socket.send(data)
    const [answer] = (await once(socket, 'message')) as [Buffer]
    return answer
  }
  t.equal(String(await echo('hello')), 'hello')
  const large = randomBytes(2 * 1024 * 1024)
  t.ok((await echo(large)).equals(large))
  await proxy.api('DELETE', '/ws')
  t.equal(await backendOf(proxy.port, '/ws'), 404)
  t.equal(String(await echo('still here')), 'still here')
  socket.close()
  await once(socket, 'close')
})

t.test('bodies stream both ways, of any size, without being held back', async (t) => {
  const size = 64 * 1024 * 1024
  const backend = await Backend.start('stream', async (incoming, response) => {
    if (incoming.url === '/s/sum') {
      const sum = createHash('sha256')
      for await (const chunk of incoming) sum.update(chunk as Buffer)
      response.end(sum.digest('hex'))
    } else {
      // Echo as it comes.
      response.flushHeaders()
      await pipeline(incoming, response).catch(() => {})
    }
  })
  t.teardown(() => backend.stop())
  await proxy.route('/s', backend.url)

  const block = randomBytes(64 * 1024)
  const sum = createHash('sha256')
  const upload = request({ port: proxy.port, path: '/s/sum', method: 'PUT', agent: false })
  const summed = once(upload, 'response').then(([response]) => text(response as NodeJS.ReadableStream))
  await pipeline(function* () {
    for (let sent = 0; sent < size; sent += block.length) {
      sum.update(block)
      yield block
    }
  }, upload)
  t.equal(await summed, sum.digest('hex'))

  const duplex = request({ port: proxy.port, path: '/s/echo', method: 'POST', agent: false })
  duplex.write('first')
  const [response] = (await once(duplex, 'response')) as [NodeJS.ReadableStream]
  t.equal(String((await once(response, 'data'))[0]), 'first', 'what was sent is there before the request ends')
  duplex.write('second')
  t.equal(String((await once(response, 'data'))[0]), 'second')
  duplex.end()
  await once(response, 'end')
})

t.test("an upstream's own errors pass untouched", async (t) => {
  const backend = await Backend.start('a', (_incoming, response) => {
    response.writeHead(503, 'Not Now', { 'X-Custom-Header': 'Yes', 'Set-Cookie': ['a=1', 'b=2'], Server: 'Tornado' })
    response.end('mine')
  })
  t.teardown(() => backend.stop())
  await proxy.route('/own', backend.url)
  const answer = await ask(proxy.port, '/own')
  t.equal(answer.status, 503)
  t.equal(answer.body, 'mine')
  t.match(answer.headers, { server: 'Tornado', 'set-cookie': ['a=1', 'b=2'], 'x-custom-header': 'Yes' })
  t.strictSame(
    Object.keys(answer.headers).filter((name) => name.startsWith('x-envoy')),
    [],
  )
})

t.test("header names keep their case, and Host is the client's", async (t) => {
  const backend = await Backend.start('a')
  t.teardown(() => backend.stop())
  await proxy.route('/case', backend.url)
  const headers = { Host: 'hub.example.com:8000', 'X-XSRFToken': 'v', cOOkie: 'c=1' }
  const { rawHeaders } = JSON.parse((await ask(proxy.port, '/case', { headers })).body) as { rawHeaders: string[] }
  for (const [name, value] of Object.entries(headers)) t.equal(rawHeaders[rawHeaders.indexOf(name) + 1], value, name)
  t.strictSame(
    rawHeaders.filter((name) => /^x-(envoy|request-id)/i.test(name)),
    [],
  )
})

t.test('HTTP/1.0 clients are served', async (t) => {
  const backend = await Backend.start('a')
  t.teardown(() => backend.stop())
  await proxy.route('/', backend.url)
  const socket = connect(proxy.port, '127.0.0.1')
  socket.write('GET /x HTTP/1.0\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1\.0 200 OK\r\n.*"name":"a"/s)
  await proxy.api('DELETE', '/')
})

t.test('targets on unix sockets are served, in both spellings', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  const socketPath = join(directory, 'user.sock')
  const backend = await Backend.start('unix', undefined, socketPath)
  t.teardown(async () => {
    await backend.stop()
    await rm(directory, { recursive: true })
  })
  for (const scheme of ['http+unix', 'unix+http']) {
    await proxy.route('/u', `${scheme}://${encodeURIComponent(socketPath)}`)
    t.equal(await backendOf(proxy.port, '/u/x'), 'unix', scheme)
  }
})

t.test('an IPv4 address that is written as an IPv6 one is the same target', async (t) => {
  const backend = await Backend.start('mapped')
  t.teardown(() => backend.stop())
  for (const host of ['[::ffff:127.0.0.1]', '[::FFFF:7f00:1]', '[0:0:0:0:0:ffff:7f00:0001]']) {
    await proxy.route('/mapped', `http://${host}:${backend.port}`)
    t.equal(await backendOf(proxy.port, '/mapped/x'), 'mapped', host)
  }
})

t.test('a dead target is 503, and works as soon as it is there', async (t) => {
  const backend = await Backend.start('a')
  const { port } = backend
  await backend.stop()
  await proxy.route('/dead', `http://127.0.0.1:${port}`)
  t.equal(await backendOf(proxy.port, '/dead'), 503)
  const revived = await Backend.start('revived', undefined, port)
  t.teardown(() => revived.stop())
  t.equal(await backendOf(proxy.port, '/dead'), 'revived')
})
