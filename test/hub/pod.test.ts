import { rm } from 'node:fs/promises'
import t from 'tap'
import { kubeApiServer, withoutHelm } from '../helm/tools.js'
import { ApiServer } from '../kubernetes/api-server.js'
import { newPod } from '../kubernetes/pods.js'
import { HubProcess } from '../support/hub.js'
import { without } from '../support/installed.js'
import { withoutMounts } from '../support/name-service.js'
import { freePorts } from '../support/ports.js'
import { endProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'
import { startWork } from '../support/session.js'
import { hubVenv, withoutHub } from '../support/venv.js'
import { eventually } from '../support/wait.js'

/** The first run compiles the API server. */
const BUILD_MS = 20 * 60_000
/** How often the hub compares the proxy's routes with its own, and how often it is to have done so. */
const [CHECK_SECONDS, CHECKS] = [1, 3]

const skip = (await withoutHub()) || (await withoutHelm()) || (await without('etcd', 'etcd-server')) || withoutMounts()

t.setTimeout(BUILD_MS)

t.test(
  "z2jh's proxy pod is lost with its disk: a new one has all routes, and a real JupyterHub adds none",
  { skip, timeout: BUILD_MS },
  async (t) => {
    const api = await ApiServer.start(t, await kubeApiServer())
    await api.namespace('hub')
    const ports = await HubProcess.freePorts()
    const [metricsPort = 0] = await freePorts(1)
    /** The options are those of z2jh's chart; where routes are kept is in none of them. */
    const startPod = async () => {
      const hub = `http://127.0.0.1:${ports.hub}`
      const args = ['--default-target', hub, '--error-target', `${hub}/hub/error`]
      const metrics = ['--metrics-ip', '127.0.0.1', '--metrics-port', String(metricsPort)]
      const pod = await newPod(t, api, { namespace: 'hub' })
      const proxy = await ProxyProcess.start([...args, ...metrics], { ...pod, ports: [ports.open, ports.api] })
      t.teardown(() => proxy.stop())
      return proxy
    }
    /** How often the hub has called the REST API of the pod that runs. */
    const calls = async () => {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      const count = (name: string) => Number(new RegExp(`^${name}(?:_total)? (\\d+)$`, 'm').exec(text)?.[1])
      return { gets: count('api_route_get'), adds: count('api_route_add'), removals: count('api_route_delete') }
    }

    const first = await startPod()
    const hub = await HubProcess.spawn(await hubVenv(), { besideProxyAt: ports, checkSeconds: CHECK_SECONDS })
    t.teardown(async () => {
      await hub.cleanUp()
      if (!t.passing()) t.comment(hub.output)
    })
    await hub.ready()
    const { browser } = await startWork(t, hub, 'ana')
    const routes = Object.keys(await hub.routes()).sort()
    t.strictSame(routes, ['/', '/user/ana'])
    t.ok((await calls()).adds > 0, 'the hub has added them')

    for (const { pid } of [...(await first.processes()), { pid: first.child.pid ?? 0 }]) await endProcess(pid)
    await rm(first.runtimeBase, { recursive: true })

    const second = await startPod()
    const kernels = await browser.call('GET', `${hub.server('ana')}/api/kernels`)
    t.equal(kernels.status, 200, 'her server is reached at once')
    t.equal(JSON.parse(kernels.body).length, 1, 'with her kernel')
    t.strictSame(Object.keys(await hub.routes()).sort(), routes)
    const { gets } = await calls()
    await eventually(async () => (await calls()).gets >= gets + CHECKS, 'the hub has compared its routes with these')
    t.match(await calls(), { adds: 0, removals: 0 }, 'and had nothing to add or remove')
    t.match(second.output, /so they are kept there/)
    t.strictSame(await hub.stop(), { code: 0, signal: null }, 'the hub ends well')
  },
)
