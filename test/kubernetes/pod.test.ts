import { mkdir, readFile, writeFile } from 'node:fs/promises'
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

/** The first run compiles the API server. */
const BUILD_MS = 20 * 60_000

/** The files of a ServiceAccount where Kubernetes puts them, then the command that follows. */
const IN_POD =
  'mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && ln -s "$0" /run/secrets/kubernetes.io/serviceaccount && exec "$@"'

const skip = (await withoutHelm()) || (await without('etcd', 'etcd-server')) || withoutMounts()

t.setTimeout(BUILD_MS)

t.test("a pod's routes outlive the pod", { skip, timeout: BUILD_MS }, async (t) => {
  const api = await ApiServer.start(t, await kubeApiServer())
  await api.namespace('hub')
  await api.namespace('poor')
  const backend = await Backend.start('server')
  t.teardown(() => backend.stop())

  /** A new pod: nothing on its disk is from before. */
  const pod = async (namespace: string, serviceAccount: string) => {
    const runtimeBase = await temporaryDirectory(t)
    const account = await api.account(namespace, serviceAccount)
    const files = join(runtimeBase, 'account')
    await mkdir(files)
    await writeFile(join(files, 'namespace'), namespace)
    await writeFile(join(files, 'ca.crt'), account.authority)
    await writeFile(join(files, 'token'), await account.token())
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(api.port) }
    return { runtimeBase, env, before: ['unshare', '--mount', 'sh', '-c', IN_POD, files] }
  }
  const start = async (namespace: string, serviceAccount: string) => {
    const proxy = await ProxyProcess.start([], await pod(namespace, serviceAccount))
    t.teardown(() => proxy.stop())
    return proxy
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
})
