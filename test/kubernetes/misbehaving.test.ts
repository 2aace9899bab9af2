import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import t from 'tap'
import { encodeRoute, nameOf } from '../../src/store/kubernetes/objects.js'
import { KubernetesStore } from '../../src/store/kubernetes/store.js'
import { join, route, watched } from '../store/shared-contract.js'
import { eventually } from '../support/wait.js'

/*
 * What a real API server does only when something between it and us is broken, or when somebody has written what we
 * don't expect.
 */

const NAME = 'x'
const VERSION = '5'

type Tap = { teardown(fn: () => unknown): unknown }

interface Watch {
  readonly from: string | null
  readonly response: ServerResponse
}

interface Answer {
  readonly status: number
  readonly body: object
}

/** An API without objects, which allows everything. */
class PlayedApi {
  readonly watches: Watch[] = []
  readonly lines: string[] = []
  /** Another answer than the usual one; undefined for that. */
  answer: (call: string) => Answer | undefined | Promise<Answer> = () => undefined
  /** Whether it ends each watch at once. */
  endsWatches = false
  #url = ''

  static async start(t: Tap): Promise<PlayedApi> {
    const api = new PlayedApi()
    const server = createServer(async (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
      const call = `${request.method} ${pathname.split('/').slice(-2).join('/')}`
      if (searchParams.has('watch')) api.#watch(searchParams.get('resourceVersion'), response)
      else {
        const { status, body } = (await api.answer(call)) ?? { status: 200, body: USUAL }
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    api.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return api
  }

  #watch(from: string | null, response: ServerResponse): void {
    response.writeHead(200).flushHeaders()
    this.watches.push({ from, response })
    if (this.endsWatches) response.end()
  }

  async open(t: Tap): Promise<KubernetesStore> {
    const account = { server: this.#url, namespace: 'hub', authority: async () => '', token: async () => 'token' }
    const log = pino({ level: 'warn' }, { write: (line: string) => this.lines.push(JSON.parse(line).msg) })
    const store = await KubernetesStore.open({ account, name: NAME, hostRouting: false, log })
    t.teardown(() => store.close())
    return store
  }
}

/** As much of each answer as is looked at. */
const USUAL = { status: { allowed: true }, metadata: { resourceVersion: VERSION }, items: [] }

function leaseOf(id: string) {
  return { metadata: { name: `${NAME}-member-${id}`, uid: id, resourceVersion: '3' }, spec: { holderIdentity: id } }
}

t.test('who joins again watches anew from where it was: the watch of before may have gone silent', async (t) => {
  const api = await PlayedApi.start(t)
  const store = await api.open(t)
  await store.load()
  const seen = watched(store)
  await eventually(() => api.watches.length === 1, 'it watches')
  await store.reload()
  await eventually(() => api.watches.length === 2, 'it watches anew')
  t.equal(api.watches[1]?.from, VERSION)
  const { metadata, data } = encodeRoute(NAME, nameOf(NAME, '/a'), '/a', route('/a'))
  const object = { metadata: { ...metadata, resourceVersion: '6' }, data }
  api.watches[1]?.response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`)
  await eventually(() => seen.length === 1, 'it hears of changes')
  t.match(seen, [{ revision: 6n, key: '/a', route: route('/a') }])
  t.strictSame(api.lines, [])
})

t.test('a watch that can not be understood is closed, and what is no route is skipped', async (t) => {
  const api = await PlayedApi.start(t)
  const store = await api.open(t)
  await store.load()
  const seen = watched(store)
  await eventually(() => api.watches.length === 1, 'it watches')
  const [first] = api.watches
  const closed = once((first as Watch).response, 'close')
  first?.response.write('hello\n')
  await closed
  await eventually(() => api.watches.length === 2, 'it watches again')
  const objectOf = (version: string, routespec: string) => {
    const { metadata, data } = encodeRoute(NAME, nameOf(NAME, '/a'), '/a', route(routespec))
    return { metadata: { ...metadata, resourceVersion: version }, data }
  }
  const events = [objectOf('6', '/b'), objectOf('7', '/a')].map((object) => ({ type: 'ADDED', object }))
  api.watches[1]?.response.write(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  await eventually(() => seen.length === 1, 'it hears of a route')
  t.match(seen, [{ revision: 7n, key: '/a' }])
  t.match(api.lines, [/^Skipped the ConfigMap x-route-.*: it has the route \/b$/])
})

t.test('watches that end as soon as they have begun are not asked for without a pause, nor in silence', async (t) => {
  const api = await PlayedApi.start(t)
  api.endsWatches = true
  const store = await api.open(t)
  await store.load()
  watched(store)
  await eventually(() => api.lines.length > 0, 'it is logged')
  t.strictSame(api.lines, ["The Kubernetes API can't be watched, will retry: it has ended the watch at once"])
  t.ok(api.watches.length < 10, `${api.watches.length} were asked for`)
})

t.test('a Lease of somebody else in the way of fencing is named', async (t) => {
  const api = await PlayedApi.start(t)
  const store = await api.open(t)
  api.answer = (call) => {
    if (call === 'POST hub/leases') return { status: 409, body: { message: 'already exists' } }
    return call === 'GET hub/leases' ? { status: 200, body: { items: [leaseOf('a')] } } : undefined
  }
  await t.rejects(store.members.fence('a'), { message: /the Lease x-fences can't be written/ })
})

t.test('a Lease that could not be deleted is deleted when the API is back', async (t) => {
  const api = await PlayedApi.start(t)
  const store = await api.open(t)
  const calls: string[] = []
  api.answer = (call) => {
    if (call === 'POST hub/leases') return { status: 201, body: leaseOf('a') }
    if (!call.startsWith('DELETE')) return undefined
    calls.push(call)
    return calls.length === 1 ? { status: 500, body: { message: 'no leader' } } : undefined
  }
  await join(store)
  await t.rejects(store.members.leave(), { statusCode: 503, message: /no leader/ })
  await store.members.leave()
  await store.members.leave()
  t.strictSame(calls, ['DELETE leases/x-member-a', 'DELETE leases/x-member-a'])
})

t.test(
  'a Lease of before whose renewal is answered late does not take the place of the one that came after',
  async (t) => {
    const api = await PlayedApi.start(t)
    const store = await api.open(t)
    const renewed: string[] = []
    let answerLate = (_answer: Answer) => {}
    api.answer = (call) => {
      if (call === 'POST hub/leases') return { status: 201, body: leaseOf(renewed.length === 0 ? 'a' : 'b') }
      if (call === 'GET hub/leases') return { status: 200, body: { items: [leaseOf('b')] } }
      if (!call.startsWith('PUT')) return undefined
      renewed.push(call)
      if (renewed.length > 1) return { status: 200, body: leaseOf('b') }
      return new Promise((resolve) => {
        answerLate = resolve
      })
    }
    await join(store)
    const late = store.members.renew()
    await eventually(() => renewed.length === 1, 'it is asked')
    await store.members.leave()
    await join(store)
    answerLate({ status: 200, body: leaseOf('a') })
    await t.rejects(late, { code: 'CEP_LEASE_LOST' })
    await store.members.renew()
    t.strictSame(renewed, ['PUT leases/x-member-a', 'PUT leases/x-member-b'])
  },
)
