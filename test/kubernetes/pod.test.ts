import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { communicate } from '../helm/render.js'
import { kubeApiServer, withoutHelm } from '../helm/tools.js'
import { Backend } from '../support/backend.js'
import { ChpProcess } from '../support/chp.js'
import { temporaryDirectory } from '../support/directory.js'
import { without } from '../support/installed.js'
import { withoutMounts } from '../support/name-service.js'
import { freePorts } from '../support/ports.js'
import { endProcess } from '../support/processes.js'
import { CLI, ProxyProcess, TOKEN } from '../support/proxy.js'
import { ApiServer } from './api-server.js'
import type { PodOptions } from './pods.js'
import { newPod } from './pods.js'

/** The first run compiles the API server. */
const BUILD_MS = 20 * 60_000

const skip = (await withoutHelm()) || (await without('etcd', 'etcd-server')) || withoutMounts()

t.setTimeout(BUILD_MS)

t.test("a pod's routes outlive the pod", { skip, timeout: BUILD_MS }, async (t) => {
  const api = await ApiServer.start(t, await kubeApiServer())
  await api.namespace('hub')
  await api.namespace('poor')
  const backend = await Backend.start('server')
  t.teardown(() => backend.stop())

  const pod = (namespace: string, serviceAccount: string) => newPod(t, api, { namespace, serviceAccount })
  const start = async (namespace: string, serviceAccount: string) => {
    const proxy = await ProxyProcess.start([], await pod(namespace, serviceAccount))
    t.teardown(() => proxy.stop())
    return proxy
  }
  /** Runs a command to its end, in a pod of its own. */
  const run = async (args: readonly string[], options: Omit<PodOptions, 'directory'>) => {
    const proxy = await ProxyProcess.spawn(args, await newPod(t, api, options))
    const { code } = await proxy.exit()
    return { code, output: proxy.output }
  }

  t.test('whoever has the rights keeps routes there without being told', async (t) => {
    const first = await start('hub', 'configurable-envoy-proxy')
    await first.route('/user/ann', backend.url, { user: 'ann' })
    await first.route('/user/bob', backend.url)
    t.equal((await first.api('DELETE', '/user/bob')).status, 204)
    t.match(first.output, /so they are kept there/)
    t.notMatch(first.output, /may not/, 'the rights of account.yaml are enough')
    const leases = (await api.call('GET', '/apis/coordination.k8s.io/v1/namespaces/hub/leases')) as { items: object[] }
    t.equal(leases.items.length, 1, 'also to be known to others')
    const before = await (await first.api('GET', '/user/ann')).json()
    first.child.kill('SIGKILL')
    for (const { pid } of await first.processes()) await endProcess(pid)

    const second = await start('hub', 'configurable-envoy-proxy')
    t.equal((await fetch(`${second.url}/user/ann/x`)).status, 200, 'at once, and nobody has added it')
    t.strictSame(await (await second.api('GET', '/user/ann')).json(), before)
    t.equal((await second.api('GET', '/user/bob')).status, 404)

    api.signal('SIGSTOP')
    t.equal((await fetch(`${second.url}/user/ann/x`)).status, 200, 'users are served while the API is away')
    t.equal((await second.api('GET', '/user/ann')).status, 200)
    const refused = await second.api('POST', '/user/eve', { target: backend.url })
    t.match([refused.status, refused.headers.get('retry-after')], [503, /^\d+$/])
    t.match(await refused.text(), /The route was not changed: the Kubernetes API is away: no answer within 1.8 s/)
    t.equal((await fetch(`${second.url}/user/eve`)).status, 404, 'and what was not stored is not served')
    api.signal('SIGCONT')
    await second.route('/user/eve', backend.url)
  })

  t.test("z2jh's proxy is replaced by a pod that serves all of its routes at once", async (t) => {
    await api.namespace('moved')
    const chp = await ChpProcess.start()
    t.teardown(() => chp.stop())
    for (const user of ['ann', 'bob']) await chp.api('POST', `/user/${user}`, { target: backend.url, user })
    const text = await readFile(join(PACKAGE_ROOT, 'helm/z2jh/import.yaml'), 'utf8')
    await api.apply('moved', text)
    const { serviceAccountName, containers } = parse(text).spec.template.spec

    const { runtimeBase, env, before } = await pod('moved', serviceAccountName)
    const [port = 0, apiPort = 0] = await freePorts(2)
    const places = { '//proxy-api:8001': `//127.0.0.1:${chp.apiPort}`, '9000': `${port}`, '9001': `${apiPort}` }
    let [script] = containers[0].args
    for (const [from, to] of Object.entries(places)) script = script.replaceAll(from, to)
    const bin = await temporaryDirectory(t)
    await writeFile(join(bin, 'configurable-envoy-proxy'), `#!/bin/sh\nexec node ${CLI} "$@"\n`, { mode: 0o755 })
    const job = await communicate('env', [
      ...[`PATH=${bin}:${process.env.PATH}`, `XDG_RUNTIME_DIR=${runtimeBase}`, `XDG_STATE_HOME=${runtimeBase}`],
      ...[...Object.entries(env).map(([name, value]) => `${name}=${value}`), `CONFIGPROXY_AUTH_TOKEN=${TOKEN}`],
      ...[...before, ...containers[0].command, script],
    ])
    t.equal(job.status, 0, job.stderr)
    t.match(job.stdout, '2 taken over: all 2 are there')

    const successor = await start('moved', 'configurable-envoy-proxy')
    t.equal((await fetch(`${successor.url}/user/bob/x`)).status, 200, 'nobody has added it')
    t.match(await (await successor.api('GET', '')).json(), { '/user/ann': { user: 'ann' }, '/user/bob': {} })
  })

  t.test('whoever has not says what is missing, and starts with the disk or, if told, not at all', async (t) => {
    await api.call('POST', '/api/v1/namespaces/poor/serviceaccounts', { metadata: { name: 'powerless' } })
    const poor = await start('poor', 'powerless')
    t.match(poor.output, /Routes end with this pod: .* may not list, watch, create, update, delete configmaps/)
    const doctor = await ProxyProcess.spawn(
      ['doctor', '--only', 'CEP0514', '--storage-backend', 'kubernetes'],
      await pod('poor', 'powerless'),
    )
    await doctor.exit()
    t.match(doctor.output, /CEP0514.*may not list[\s\S]*kubectl apply/, 'and doctor says the same')
    const told = await ProxyProcess.spawn(['--storage-backend', 'kubernetes'], await pod('poor', 'powerless'))
    t.equal((await told.exit()).code, 1)
    t.match(
      told.output,
      /^[^\n]*may not list[^\n]*kubectl apply --namespace poor --filename [^\n]*account.yaml[^\n]*\n$/,
    )
  })

  t.test('a start that is told to use it and can not ends with one line, and has written nothing', async (t) => {
    const told = ['--storage-backend', 'kubernetes']
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch', 'create', 'update'] }]
    await grant(api, 'poor', 'half', rules)
    t.match(await run(told, { namespace: 'poor', serviceAccount: 'half' }), {
      code: 1,
      output: /^[^\n]* may not delete configmaps in the namespace poor\. Grant it: kubectl apply [^\n]*\n$/,
    })
    t.match(await run(told, { namespace: 'poor', token: 'not-a-token' }), {
      code: 1,
      output:
        /^[^\n]*The Kubernetes API at https:[^\n]* can't be used for routes: Unauthorized[^\n]*Start the pod again[^\n]*\n$/,
    })
    const [port = 0] = await freePorts(1)
    t.match(await run(told, { namespace: 'poor', port }), {
      code: 1,
      output: /^[^\n]*The Kubernetes API at https:[^\n]* can't be used for routes: [^\n]*ECONNREFUSED[^\n]*\n$/,
    })
    const { items } = (await api.call('GET', '/api/v1/namespaces/poor/configmaps')) as { items: object[] }
    t.strictSame(items, [])
  })
})

/** Gives a new ServiceAccount these rights and no others. */
async function grant(api: ApiServer, namespace: string, name: string, rules: readonly object[]): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  await api.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } })
  await api.call('POST', `${rbac}/roles`, { metadata: { name }, rules })
  await api.call('POST', `${rbac}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  })
}
