// Run by processes.test.ts, in a network namespace of its own.
import type { Test } from 'tap'
import t from 'tap'
import { HEALTH_PATH } from '../../src/resources/names.js'
import { effort } from '../support/effort.js'
import { eventually } from '../support/wait.js'
import { ask } from './ask.js'
import { Cluster } from './cluster.js'
import { Network } from './network.js'
import { startNodeBackend } from './node-backend.js'
import type { PodProcess } from './pod.js'
import { FULL_NAME, NAMESPACE, render } from './render.js'
import { ServiceUsers } from './service-users.js'
import { helmTools } from './tools.js'

/** Of the test in which they come and go. */
const ROUTES = effort('CEP_FLEET_ROUTES')
/** How many answers are looked at between two ends of the same Envoy. */
const CHECKS_A_LIFE = 50

const tools = await helmTools()
const network = await Network.create()
const TARGET = await startNodeBackend(t)

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

/** A control plane and three Envoys, all ready. */
async function startGateway(t: Test) {
  const cluster = await Cluster.create(
    t,
    network,
    await render(tools, { mode: 'gateway', gateway: { replicas: 3 }, envoy: { drainSeconds: 10 } }),
  )
  const controlPlane = await cluster.start(`${FULL_NAME}-control-plane`, 'control-plane-0')
  cluster.hosts[`${FULL_NAME}-xds.${NAMESPACE}.svc`] = controlPlane.ip
  const envoys = await Promise.all(
    ['a', 'b', 'c'].map((letter) => cluster.start(`${FULL_NAME}-envoy`, `envoy-${letter}`)),
  )
  await eventually(() => envoys.every(({ ready }) => ready) && controlPlane.ready, 'all are ready')
  return { cluster, controlPlane, envoys }
}

t.test('gateway: one of three Envoys is killed again and again while routes come and go', async (t) => {
  const { cluster, controlPlane, envoys } = await startGateway(t)
  const [victim] = envoys as [PodProcess]
  let going = true
  let checks = 0
  const killing = (async () => {
    while (going) {
      const before = victim.restarts
      await victim.kill('envoy')
      await eventually(() => victim.restarts > before, 'it is started again')
      const enough = checks + CHECKS_A_LIFE
      await eventually(() => !going || checks > enough, 'the others are used', 60_000)
      await eventually(async () => !going || (await statusOf(victim, HEALTH_PATH)) === 200, 'it is ready')
    }
  })()
  const wrong: string[] = []
  const check = async (path: string, expected: number) => {
    for (const pod of envoys) {
      if ((await statusOf(pod, HEALTH_PATH)) !== 200) continue
      const status = await statusOf(pod, path)
      // It may be killed between the one and the other.
      if (status === 0) continue
      checks += 1
      if (status !== expected) wrong.push(`${path} at ${pod.ip}: ${status}, not ${expected}`)
    }
  }
  for (let index = 0; index < ROUTES; index += 1) {
    const path = `/user/u${index}`
    const added = await cluster.api(controlPlane, 'POST', path, { target: TARGET })
    if (added.status !== 201) wrong.push(`POST ${path}: ${added.status} ${added.body}`)
    await check(path, 200)
    const removed = await cluster.api(controlPlane, 'DELETE', path)
    if (removed.status !== 204) wrong.push(`DELETE ${path}: ${removed.status} ${removed.body}`)
    await check(path, 404)
  }
  going = false
  await killing
  t.strictSame(wrong, [], `of ${checks} answers none is wrong`)
  t.ok(checks >= ROUTES * 4, `${checks} answers`)
  t.ok(victim.restarts > 1, `killed ${victim.restarts} times`)
})

t.test('gateway: three Envoys are replaced one by one under load', async (t) => {
  const { cluster, controlPlane, envoys: first } = await startGateway(t)
  let envoys = first
  t.equal((await cluster.api(controlPlane, 'POST', '/user/ana', { target: TARGET })).status, 201)
  t.strictSame(await Promise.all(envoys.map((pod) => statusOf(pod, '/user/ana/x'))), [200, 200, 200], 'in all of them')

  const users = ServiceUsers.start(() => cluster.endpoints(envoys), '/user/ana/x', 100)
  t.teardown(() => users.stop())
  for (const old of first) {
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
