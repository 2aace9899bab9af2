// Run by processes.test.ts, in a network namespace of its own.
import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import { eventually } from '../support/wait.js'
import { ask } from './ask.js'
import { Cluster } from './cluster.js'
import { Network, NODE_IP } from './network.js'
import type { PodProcess } from './pod.js'
import { FULL_NAME, NAMESPACE, render } from './render.js'
import { ServiceUsers } from './service-users.js'
import { helmTools } from './tools.js'

const BACKEND_PORT = 8888
const TARGET = `http://${NODE_IP}:${BACKEND_PORT}`

const tools = await helmTools()
const network = await Network.create()
const backend = createServer((_request, response) => response.end('a notebook')).listen(BACKEND_PORT, NODE_IP)
await once(backend, 'listening')
t.teardown(() => {
  backend.close()
  backend.closeAllConnections()
})

t.test('sidecar: either container is killed under load', async (t) => {
  const cluster = await Cluster.create(t, network, await render(tools, {}))
  const pod = await cluster.start(FULL_NAME, 'proxy-0')
  await eventually(() => pod.ready, 'the pod is ready')
  t.equal((await cluster.api(pod, 'POST', '/user/ana', { target: TARGET })).status, 201)

  const users = ServiceUsers.start(() => cluster.endpoints([pod]), '/user/ana/x', 100)
  t.teardown(() => users.stop())
  await eventually(() => users.answered > 100, 'users are at work')
  for (let time = 1; time <= 3; time += 1) {
    await pod.kill('control-plane')
    await eventually(() => pod.restarts === time, 'it is started again')
    await eventually(async () => (await cluster.api(pod, 'GET', '')).status === 200, 'the API answers')
    const before = users.answered
    await eventually(() => users.answered > before + 100, 'users go on')
  }
  t.strictSame(users.failures, [], `control plane killed 3 times: of ${users.answered} requests none failed`)
  const routes = JSON.parse((await cluster.api(pod, 'GET', '')).body)
  t.strictSame(Object.keys(routes), ['/user/ana'], 'no route is lost')
  await users.stop()

  await pod.kill('envoy')
  const begin = performance.now()
  await eventually(() => pod.restarts === 4, 'Envoy is started again')
  await eventually(async () => (await statusOf(pod, '/user/ana/x')) === 200, 'it serves')
  const ms = Math.round(performance.now() - begin)
  t.ok(ms < 1500, `Envoy killed: served again after ${ms} ms`)
  await pod.terminate()
})

t.test('gateway: three Envoys are replaced one by one under load', async (t) => {
  const cluster = await Cluster.create(
    t,
    network,
    await render(tools, { mode: 'gateway', gateway: { replicas: 3 }, envoy: { drainSeconds: 10 } }),
  )
  const controlPlane = await cluster.start(`${FULL_NAME}-control-plane`, 'control-plane-0')
  cluster.hosts[`${FULL_NAME}-xds.${NAMESPACE}.svc`] = controlPlane.ip
  let envoys = await Promise.all(
    ['a', 'b', 'c'].map((letter) => cluster.start(`${FULL_NAME}-envoy`, `envoy-${letter}`)),
  )
  await eventually(() => envoys.every(({ ready }) => ready) && controlPlane.ready, 'all are ready')
  t.equal((await cluster.api(controlPlane, 'POST', '/user/ana', { target: TARGET })).status, 201)
  t.strictSame(await Promise.all(envoys.map((pod) => statusOf(pod, '/user/ana/x'))), [200, 200, 200], 'in all of them')

  const users = ServiceUsers.start(() => cluster.endpoints(envoys), '/user/ana/x', 100)
  t.teardown(() => users.stop())
  for (const old of envoys) {
    const replacement = await cluster.start(`${FULL_NAME}-envoy`, `new-${old.ip}`)
    await eventually(() => replacement.ready, 'the new one is ready')
    envoys = [...envoys, replacement]
    await old.terminate()
    envoys = envoys.filter((pod) => pod !== old)
  }
  await users.stop()
  t.strictSame(users.failures, [], `of ${users.answered} requests none failed`)
})

// The backend would keep the process.
t.end()

async function statusOf(pod: PodProcess, path: string): Promise<number> {
  return (await ask(`http://${pod.ip}:8000${path}`)).status
}
