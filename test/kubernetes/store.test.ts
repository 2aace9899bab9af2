import { pino } from 'pino'
import t from 'tap'
import type { Route } from '../../src/routing/route.js'
import type { StoreEvent } from '../../src/routing/store.js'
import { KubernetesStore } from '../../src/store/kubernetes/store.js'
import { kubeApiServer, withoutHelm } from '../helm/tools.js'
import { everyStore, lastingStore } from '../store/contract.js'
import { join, route, sharedStore } from '../store/shared-contract.js'
import { HeldConnection } from '../support/held-connection.js'
import { without } from '../support/installed.js'
import { put, remove } from '../support/store.js'
import { eventually } from '../support/wait.js'
import { ApiServer } from './api-server.js'
import { everyRight } from './rights.js'

/** The first run compiles the API server. */
const BUILD_MS = 20 * 60_000

const NAMESPACE = 'hub'
const KIND = 'configurable-envoy-proxy/kind'
const skip = (await withoutHelm()) || (await without('etcd', 'etcd-server'))

t.setTimeout(BUILD_MS)

t.test('routes in ConfigMaps of a real API server', { skip, timeout: BUILD_MS }, async (t) => {
  const api = await ApiServer.start(t, await kubeApiServer())
  await api.namespace(NAMESPACE)
  let stores = 0
  /** Opens one set of routes again and again. */
  const make = async (lines: string[] = []) => {
    const account = await api.account(NAMESPACE)
    stores += 1
    const name = `store-${stores}`
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line).msg) })
    return () => KubernetesStore.open({ account, name, hostRouting: true, log })
  }
  const configMaps = `/api/v1/namespaces/${NAMESPACE}/configmaps`
  const objectsOf = async (store: number) => {
    const { items } = (await api.call('GET', configMaps)) as { items: { metadata: { name: string } }[] }
    return items.filter(({ metadata }) => metadata.name.startsWith(`store-${store}-`))
  }

  everyStore(t, 'kubernetes', () => make())
  lastingStore(t, 'kubernetes', () => make())
  sharedStore(t, 'kubernetes', () => make())
  everyRight(t, api)

  t.test('a store sees only its own routes, and reports what another writer changes, in order', async (t) => {
    const open = await make()
    const [one, other, stranger] = [await open(), await open(), await (await make())()]
    t.teardown(() => Promise.all([one.close(), other.close(), stranger.close()]))
    for (const store of [one, other, stranger]) await store.load()
    const seen: StoreEvent[] = []
    one.watch(async (event) => void seen.push(event))
    await put(stranger, route('/stranger'))
    const revisions = [await put(other, route('/a')), await put(one, route('/b'))]
    await remove(other, '/a')
    await eventually(() => seen.length === 3, 'all are reported')
    t.match(seen, [
      { key: '/a', route: route('/a'), revision: revisions[0] },
      { key: '/b', route: route('/b'), revision: revisions[1] },
      { key: '/a', route: undefined },
    ])
    t.ok(seen.every(({ revision }, index) => index === 0 || revision > (seen[index - 1]?.revision ?? revision)))
  })

  t.test('an object that is damaged or foreign is skipped, named in the log, and stays', async (t) => {
    const lines: string[] = []
    const open = await make(lines)
    const [store, number] = [await open(), stores]
    await store.load()
    await put(store, route('/good'))
    await put(store, route('/bad'))
    await store.close()
    const bad = (await objectsOf(number)).find((object) => JSON.stringify(object).includes('/bad'))
    const path = `${configMaps}/${bad?.metadata.name}`
    await api.call('PUT', path, { ...bad, data: { key: '/bad', route: '{' } })
    const again = await open()
    t.teardown(() => again.close())
    t.strictSame(
      (await again.load()).map(({ routespec }) => routespec),
      ['/good'],
    )
    t.match(lines, [new RegExp(`Skipped the ConfigMap ${bad?.metadata.name}: .*JSON`)])
    t.match(await api.call('GET', path), { data: { route: '{' } })
    await put(again, route('/bad'))
    t.match(await api.call('GET', path), { data: { route: /target/ } }, 'a POST of the route mends it')
  })

  t.test('what is damaged or foreign beside the routes keeps nobody waiting', async (t) => {
    const open = await make()
    const [store, number] = [await open(), stores]
    t.teardown(() => store.close())
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`
    const labels = { 'configurable-envoy-proxy/store': `store-${number}` }
    const activity = { name: `store-${number}-activity-0`, labels: { ...labels, [KIND]: 'activity' } }
    await api.call('POST', configMaps, { metadata: activity, data: { times: '{' } })
    const annotations = { 'configurable-envoy-proxy/joined': 'hello' }
    const damaged = { name: `store-${number}-member-x`, labels: { ...labels, [KIND]: 'member' }, annotations }
    await api.call('POST', leases, { metadata: damaged, spec: { holderIdentity: 'x' } })
    const { id } = await join(store)
    await store.load()
    const { members } = await store.writeAmong({ key: '/a', before: undefined, after: route('/a') })
    t.strictSame(members?.map((member) => member.id).sort(), [id, 'x'])
    t.ok(members?.every(({ joined }) => joined > 0n))
    await store.storeActivity([{ ...route('/a'), lastActivity: new Date('2026-03-01') }], new Date('2026-02-01'))
    t.match((await store.reload()).routes, [{ lastActivity: new Date('2026-03-01') }])
  })

  t.test('without the rights it says which are missing, and how to grant them', async (t) => {
    await api.call('POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: 'powerless' } })
    const account = await api.account(NAMESPACE, 'powerless')
    const log = pino({ level: 'silent' })
    await t.rejects(KubernetesStore.open({ account, name: 'x', hostRouting: false, log }), {
      name: 'FatalError',
      message:
        /may not list, watch, create, update, delete configmaps in the namespace hub.*kubectl apply .*account.yaml/,
    })
    const stranger = { ...account, token: async () => 'not-a-token' }
    await t.rejects(KubernetesStore.open({ account: stranger, name: 'x', hostRouting: false, log }), {
      message: /The Kubernetes API at https:.* can't be used for routes: Unauthorized: .* Start the pod again/,
    })
    const nowhere = { ...account, server: 'https://127.0.0.1:1' }
    await t.rejects(KubernetesStore.open({ account: nowhere, name: 'x', hostRouting: false, log }), {
      message: /The Kubernetes API at https:.*:1 can't be used for routes: .*ECONNREFUSED/,
    })
  })

  /** Two stores of one set of routes. Between one of them and the API server calls can be held back. */
  const twoOf = async (t: { teardown(fn: () => unknown): unknown }, name: string) => {
    const account = await api.account(NAMESPACE)
    const way = await HeldConnection.to(t, account.server)
    const server = `https://127.0.0.1:${new URL(way.url).port}`
    const options = { name, hostRouting: false, log: pino({ level: 'silent' }) }
    const one = await KubernetesStore.open({ ...options, account: { ...account, server } })
    const other = await KubernetesStore.open({ ...options, account })
    t.teardown(() => Promise.all([one.close(), other.close()]))
    return { way, one, other }
  }

  t.test('a write that is carried out late does not undo a later one', async (t) => {
    const { way, one, other } = await twoOf(t, 'late')
    await put(one, route('/late'))
    way.hold()
    await t.rejects(put(one, route('/late', 'http://127.0.0.1:2')), { message: /the Kubernetes API is away/ })
    t.ok(way.held > 0, 'the call was made')
    await other.load()
    await put(other, route('/late', 'http://127.0.0.1:3'))
    const { answered } = way
    way.capture()()
    await eventually(() => way.answered > answered, 'the API has answered the late call')
    t.strictSame(await other.load(), [route('/late', 'http://127.0.0.1:3')])
  })

  t.test('a new route that is carried out late does not come back after it was removed', async (t) => {
    const { way, one, other } = await twoOf(t, 'late-new')
    const objects = async () => {
      const { items } = (await api.call('GET', configMaps)) as { items: { metadata: { name: string } }[] }
      return items.filter(({ metadata }) => metadata.name.startsWith('late-new-route-')).length
    }
    // So that there is a connection.
    await put(one, route('/other'))
    way.hold()
    await t.rejects(put(one, route('/late')), { message: /the Kubernetes API is away/ })
    t.ok(way.held > 0, 'the call was made')
    await put(other, route('/late'))
    await remove(other, '/late')
    await eventually(async () => (await objects()) === 1, 'its object is gone')
    const { answered } = way
    way.capture()()
    await eventually(() => way.answered > answered, 'the API has answered the late call')
    t.equal(await objects(), 2, 'it was carried out')
    t.strictSame(await other.load(), [route('/other')])
    await put(other, route('/late', 'http://127.0.0.1:3'))
    t.strictSame((await other.load()).map(({ routespec }) => routespec).sort(), ['/late', '/other'])
  })

  t.test('without the rights on Leases a single control plane runs, and says what is lost', async (t) => {
    const lines: string[] = []
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch', 'create', 'update', 'delete'] },
    ]
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`
    await api.call('POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: 'older' } })
    await api.call('POST', `${rbac}/roles`, { metadata: { name: 'older' }, rules })
    await api.call('POST', `${rbac}/rolebindings`, {
      metadata: { name: 'older' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'older' },
      subjects: [{ kind: 'ServiceAccount', name: 'older', namespace: NAMESPACE }],
    })
    const account = await api.account(NAMESPACE, 'older')
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line).msg) })
    const store = await KubernetesStore.open({ account, name: 'older', hostRouting: false, log })
    t.teardown(() => store.close())
    t.match(lines, [/may not list, create, update, delete leases in the namespace hub.* kubectl apply .*account.yaml/])
    const me = await join(store)
    await store.load()
    const written = await store.writeAmong({ key: '/a', before: undefined, after: route('/a') })
    t.strictSame(written.members, [me])
    await store.members.renew()
  })

  t.test('while the API is away, changes fail at once with 503; afterwards what others wrote is known', async (t) => {
    const open = await make()
    const [one, other] = [await open(), await open()]
    t.teardown(() => Promise.all([one.close(), other.close()]))
    for (const store of [one, other]) await store.load()
    const seen = new Map<string, Route | undefined>()
    one.watch(async (event) => {
      if ('key' in event) seen.set(event.key, event.route)
      else for (const each of event.routes) seen.set(each.routespec, each)
    })
    await put(other, route('/before'))
    await eventually(() => seen.has('/before'), 'it follows')
    api.signal('SIGSTOP')
    const calls = Array.from({ length: 100 }, (_, index) => put(one, route(`/${index}`)))
    const begun = performance.now()
    const results = await Promise.allSettled(calls)
    t.ok(results.every((result) => result.status === 'rejected' && result.reason.statusCode === 503))
    t.ok(performance.now() - begun < 5_000, 'a hundred calls fail in the time of one')
    api.signal('SIGCONT')
    await api.stop()
    await t.rejects(put(one, route('/refused')), { statusCode: 503, message: /the Kubernetes API is away/ })
    await api.startAgain()
    await put(other, route('/after'))
    await eventually(() => seen.has('/after'), 'it follows again')
    t.equal((await put(one, route('/again'))) > 0n, true)
  })
})
