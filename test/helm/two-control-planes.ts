// Run by two-control-planes.test.ts, in a network namespace of its own.
import t from 'tap'
import { ApiServer } from '../kubernetes/api-server.js'
import { defineOthers } from '../kubernetes/definitions.js'
import { eventually } from '../support/wait.js'
import { Cluster } from './cluster.js'
import { Gateway } from './gateway.js'
import { Network, NODE_IP } from './network.js'
import { startNodeBackend } from './node-backend.js'
import { helmDirectory, Release } from './release.js'
import { FULL_NAME, NAMESPACE } from './render.js'
import { ServiceUsers } from './service-users.js'
import { helmTools, kubeApiServer } from './tools.js'

const ONE = { mode: 'gateway', envoy: { drainSeconds: 5 } }
const TWO = { ...ONE, controlPlane: { replicas: 2 } }

const tools = await helmTools()
const network = await Network.create()
const TARGET = await startNodeBackend(t)

t.test('the documented way from a volume to two control planes, under load', { timeout: 180_000 }, async (t) => {
  const api = await ApiServer.start(t, await kubeApiServer(), { ip: NODE_IP })
  await defineOthers(api)
  const release = await Release.in(api, tools, NAMESPACE, await helmDirectory(t))
  await release.upgrade(ONE)
  const cluster = await Cluster.create(t, network, await release.rendering(), { api, namespace: NAMESPACE })
  const gateway = await Gateway.create(t, cluster)

  const old = await gateway.startControlPlane('control-plane-old')
  gateway.serve(old)
  for (const name of ['envoy-a', 'envoy-b']) await gateway.startEnvoy(name)
  await gateway.add(old, 'ana', TARGET)
  const users = ServiceUsers.start(() => cluster.endpoints(gateway.envoys), '/user/ana/x', 100)
  t.teardown(() => users.stop())
  await eventually(() => users.answered > 100, 'users are at work')

  t.match(await release.upgrade(TWO), 'run the same command again')
  cluster.rendering = await release.rendering()
  await old.terminate()
  const alone = await gateway.startControlPlane('control-plane-alone')
  t.match(alone.output, /Took over the 1 routes of .* into ConfigMaps/)
  gateway.serve(alone)
  await gateway.replaceEnvoys()
  await gateway.add(alone, 'bob', TARGET)

  t.notMatch(await release.upgrade(TWO), 'run the same command again')
  cluster.rendering = await release.rendering()
  const one = await gateway.startControlPlane('control-plane-1')
  const other = await gateway.startControlPlane('control-plane-2')
  gateway.serve(one, other)
  await alone.terminate()
  await gateway.add(one, 'eve', TARGET)
  await gateway.add(other, 'dan', TARGET)
  t.match(await one.exec('control-plane', ['configurable-envoy-proxy', 'members']), `${other.ip}:18000`)

  await one.destroy()
  gateway.serve(other)
  await gateway.add(other, 'fay', TARGET)
  const routes = JSON.parse((await cluster.api(other, 'GET', '')).body)
  t.strictSame(
    Object.keys(routes).sort(),
    ['ana', 'bob', 'dan', 'eve', 'fay'].map((user) => `/user/${user}`),
  )
  await users.stop()
  await release.uninstall()
  const left = await release.objects()
  t.strictSame(new Set(left.map(({ kind }) => kind)), new Set(['ConfigMap', 'PersistentVolumeClaim']))
  const routesLeft = left.filter(({ kind }) => kind === 'ConfigMap')
  t.ok(
    routesLeft.every(({ metadata }) => metadata.labels?.['configurable-envoy-proxy/store'] === `${FULL_NAME}-routes`),
  )
  t.strictSame(users.failures, [], `of ${users.answered} requests none failed`)
})

// The backend would keep the process.
t.end()
