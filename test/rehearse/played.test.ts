// The hub that is played, against an API of routes that remembers what it was told.
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import t from 'tap'
import { Stage } from '../../src/rehearse/played/stage.js'
import { eventually } from '../support/wait.js'

interface Api {
  readonly url: string
  readonly routes: Map<string, { readonly target: string; readonly jupyterhub?: boolean }>
  readonly calls: string[]
  failures: number
}

async function api(t: Test): Promise<Api> {
  const server = createServer(async (request, response) => {
    const body = await answer(request)
    response.statusCode = body.status
    response.end(body.text)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => stop(server))
  const found: Api = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    routes: new Map(),
    calls: [],
    failures: 0,
  }
  const answer = async (request: IncomingMessage) => {
    const routespec = request.url?.replace('/api/routes', '') ?? ''
    found.calls.push(`${request.method} ${routespec}`)
    if (found.failures > 0) {
      found.failures -= 1
      return { status: 503, text: 'not now' }
    }
    if (request.method === 'GET') return { status: 200, text: JSON.stringify(Object.fromEntries(found.routes)) }
    if (request.method === 'DELETE') return { status: found.routes.delete(routespec) ? 204 : 404, text: '' }
    found.routes.set(routespec, JSON.parse(await text(request)))
    return { status: 201, text: '' }
  }
  return found
}

function stop(server: Server): void {
  server.close()
  server.closeAllConnections()
}

async function stage(t: Test, { url }: Api): Promise<Stage> {
  const made = new Stage({ names: ['ana', 'ben'], spawnMs: [1, 1], checkIntervalMs: 3_600_000 }, (what) => t.fail(what))
  await made.openHub()
  await made.use({ url, token: 'x' })
  t.teardown(() => {
    made.stopHub()
    made.end([0, 1])
  })
  return made
}

t.test('a spawn starts the server, adds its route, and then is ready', async (t) => {
  const proxy = await api(t)
  const hub = await stage(t, proxy)
  t.match(proxy.routes.get('/'), { jupyterhub: true })
  // As while an Envoy restarts: the hub tries again.
  proxy.failures = 1
  t.ok(hub.spawn('ana'))
  t.notOk(hub.spawn('nobody'))
  t.notOk(hub.isReady('ana'))
  await eventually(() => hub.isReady('ana'), 'the server is ready')
  t.match(proxy.routes.get('/user/ana'), { target: hub.targets()[0] ?? '', jupyterhub: true })
  hub.stopServer('ana')
  await eventually(() => hub.targets()[0] === undefined, 'the server has ended')
  t.notOk(proxy.routes.has('/user/ana'))
})

t.test('a server that can not listen is a spawn that has failed, and the next one is tried', async (t) => {
  const proxy = await api(t)
  const troubles: string[] = []
  const hub = new Stage({ names: ['ana'], spawnMs: [1], checkIntervalMs: 3_600_000 }, (what) => troubles.push(what))
  await hub.openHub()
  await hub.use({ url: proxy.url, token: 'x' })
  t.teardown(() => {
    hub.stopHub()
    hub.end([0])
  })
  await hub.startServers([0])
  const port = Number(new URL(hub.targets()[0] ?? '').port)
  hub.end([0])
  const other = createServer()
  await once(other.listen(port, '127.0.0.1'), 'listening')
  hub.spawn('ana')
  await eventually(() => troubles.length === 1, 'the hub tells of it')
  t.match(troubles, [/EADDRINUSE/])
  await new Promise((resolve) => other.close(resolve))
  hub.spawn('ana')
  await eventually(() => hub.isReady('ana'), 'the next one succeeds')
})

t.test('a check adds what is lacking or wrong and removes what is stale; strange routes stay', async (t) => {
  const proxy = await api(t)
  const hub = await stage(t, proxy)
  await hub.add('/user/ana/', 'http://127.0.0.1:1')
  await hub.add('/user/ben/', 'http://127.0.0.1:2')
  t.strictSame(hub.routes(), ['/', '/user/ana', '/user/ben'], "without the slash of JupyterHub's routespecs")
  proxy.routes.delete('/')
  proxy.routes.set('/user/ana', { target: 'http://127.0.0.1:9', jupyterhub: true })
  proxy.routes.set('/user/stale', { target: 'http://127.0.0.1:9', jupyterhub: true })
  proxy.routes.set('/service', { target: 'http://127.0.0.1:9' })
  t.strictSame(await hub.check(), { added: 2, removed: 1 })
  t.strictSame([...proxy.routes.keys()].sort(), ['/', '/service', '/user/ana', '/user/ben'])
  await hub.dropTable()
  t.strictSame([...proxy.routes.keys()], ['/service'])
  proxy.calls.splice(0)
  await hub.repopulate()
  t.strictSame(proxy.calls.slice(0, 1), ['POST /'], 'its own route comes first')
  t.equal(proxy.calls.length, 3)
})

t.test('a hub that is back adds what its proxy has lost', async (t) => {
  const proxy = await api(t)
  const hub = await stage(t, proxy)
  await hub.add('/user/ana', 'http://127.0.0.1:1')
  hub.stopHub()
  proxy.routes.clear()
  await hub.startHub()
  t.strictSame([...proxy.routes.keys()].sort(), ['/', '/user/ana'])
})

t.test('a proxy that has the routes of another hub is left alone', async (t) => {
  const proxy = await api(t)
  proxy.routes.set('/user/somebody', { target: 'http://10.0.0.1', jupyterhub: true })
  const hub = new Stage({ names: [], spawnMs: [], checkIntervalMs: 3_600_000 }, () => {})
  await hub.openHub()
  t.teardown(() => hub.stopHub())
  await t.rejects(hub.use({ url: proxy.url, token: 'x' }), { message: /has the routes of a hub.*somebody \(1 in/ })
  await t.rejects(hub.leave())
  t.strictSame(proxy.calls, ['GET '])
})

t.test('what a rehearsal has added is known, and removed by the next one if it was killed', async (t) => {
  const proxy = await api(t)
  const killed = await stage(t, proxy)
  await killed.add('/user/ana', 'http://127.0.0.1:1')
  proxy.routes.set('/service', { target: 'http://127.0.0.1:9' })
  const next = await stage(t, proxy)
  t.strictSame([...proxy.routes.keys()].sort(), ['/', '/service'])
  await next.add('/user/ben', 'http://127.0.0.1:2')
  await next.leave()
  t.strictSame([...proxy.routes.keys()], ['/service'], 'and nothing is left at the end')
})

t.test('an API that is none, or refuses, is an error that says what to do', async (t) => {
  const answers: ReadonlyArray<readonly [status: number, text: string, message: RegExp]> = [
    [403, '', /refuses the token \(403\): CONFIGPROXY_AUTH_TOKEN must be that of the proxy/],
    [404, 'not here', /is not the REST API of a proxy \(404\): see --api-url/],
    [200, '<!doctype html>', /is not the REST API of a proxy \(200\)/],
  ]
  for (const [status, body, message] of answers) {
    const server = createServer((_request, response) => response.writeHead(status).end(body))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => stop(server))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const hub = new Stage({ names: [], spawnMs: [], checkIntervalMs: 3_600_000 }, () => {})
    await t.rejects(hub.use({ url, token: 'x' }), { message })
    stop(server)
    await t.rejects(hub.use({ url, token: 'x' }), { message: /can't be asked.*Does the proxy run/ })
  }
})
