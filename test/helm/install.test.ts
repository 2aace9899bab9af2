import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { ApiServer } from '../kubernetes/api-server.js'
import { defineOthers } from '../kubernetes/definitions.js'
import { pathOf } from '../kubernetes/resources.js'
import { without } from '../support/installed.js'
import { changes } from './changes.js'
import { MATRIX } from './matrix.js'
import type { StoredObject } from './release.js'
import { helmDirectory, nameOf, Release } from './release.js'
import { FULL_NAME } from './render.js'
import { helmTools, kubeApiServer, withoutHelm } from './tools.js'

/** The first run compiles Helm and the API server. */
const BUILD_MS = 20 * 60_000

/** Has the chart of an earlier day alone; RELEASING.md says when it is replaced. */
const CHARTS = join(PACKAGE_ROOT, 'test/helm/charts')

/** What an upgrade from there changes in objects whose values stay, each with the reason. */
const CHANGED: ReadonlyArray<readonly [field: RegExp, reason: string]> = []

const skip = (await withoutHelm()) || (await without('etcd', 'etcd-server'))

t.setTimeout(BUILD_MS)

t.test('the real Helm and a real API server', { skip, timeout: BUILD_MS }, async (t) => {
  const tools = await helmTools()
  const api = await ApiServer.start(t, await kubeApiServer())
  await defineOthers(api)
  const directory = await helmDirectory(t)
  let releases = 0
  const release = () => {
    releases += 1
    return Release.in(api, tools, `hub-${releases}`, directory)
  }
  const controlPlane = async (of: Release) =>
    (await of.objects()).find((object) => nameOf(object) === `Deployment ${FULL_NAME}-control-plane`)?.spec

  for (const [name, values] of Object.entries(MATRIX)) {
    t.test(`all objects are taken, and their pods: ${name}`, async (t) => {
      const made = await release()
      await made.upgrade(values)
      const [rendering, objects] = [await made.rendering(), await made.objects()]
      t.strictSame(objects.map(nameOf).sort(), rendering.manifests.map(nameOf).sort())
      for (const { metadata, spec } of objects.filter(({ kind }) => ['Deployment', 'DaemonSet'].includes(kind))) {
        const { metadata: labels, spec: pod } = spec.template
        const object = { metadata: { ...labels, name: metadata.name }, spec: pod }
        await t.resolves(api.call('POST', `${pathOf('Pod', made.namespace)}?dryRun=All`, object), metadata.name)
      }
      await made.uninstall()
      const claims = rendering.all('PersistentVolumeClaim').map(nameOf)
      t.strictSame((await made.objects()).map(nameOf), claims, 'only the claim of the routes is left')
    })
  }

  for (const name of ['nothing set', 'sidecar with TLS and every setting of its own', 'gateway'] as const) {
    t.test(`an upgrade from an earlier chart changes only what it should: ${name}`, async (t) => {
      const made = await release()
      const [earlier = ''] = await readdir(CHARTS)
      await made.upgrade(MATRIX[name] ?? {}, join(CHARTS, earlier))
      const before = await made.objects()
      t.ok(before.length > 2)
      await made.upgrade(MATRIX[name] ?? {})
      const after = await made.objects()
      const found = changes(before, after)
      t.strictSame(
        found.filter((change) => !CHANGED.some(([field]) => field.test(change))),
        [],
        'token, certificates, claim and addresses are as they were',
      )
      for (const [field, reason] of CHANGED)
        t.ok(found.some((change) => field.test(change)) || name !== 'gateway', reason)
      await made.upgrade(MATRIX[name] ?? {})
      t.strictSame(versions(await made.objects()), versions(after), 'again, it changes nothing at all')
    })
  }

  t.test('values can be changed, and what is no longer wanted goes', async (t) => {
    const made = await release()
    let claims: readonly string[] = []
    for (const name of [
      'nothing set',
      'gateway that is scaled, with TLS and cert-manager',
      'gateway with two control planes',
      'gateway',
      'gateway as a DaemonSet with certificates that are there',
      'sidecar with routes in ConfigMaps',
      'sidecar without a volume, metrics and policies',
      'nothing set',
    ]) {
      await t.resolves(made.upgrade(withSameClaim(MATRIX[name] ?? {})), name)
      const rendering = await made.rendering()
      const own = rendering.manifests.map(nameOf)
      claims = [...new Set([...claims, ...own.filter((object) => object.startsWith('PersistentVolumeClaim'))])]
      t.strictSame((await made.objects()).map(nameOf).sort(), [...new Set([...own, ...claims])].sort(), name)
    }
  })

  t.test('routes on a volume are taken over into ConfigMaps before there are two control planes', async (t) => {
    const made = await release()
    await made.upgrade({ mode: 'gateway' })
    const two = { mode: 'gateway', controlPlane: { replicas: 2 } }
    t.match(await made.upgrade(two), /routes of the volume .*-state are taken over[\s\S]*run the same command again/)
    const claim = { claimName: `${FULL_NAME}-state` }
    const alone = await controlPlane(made)
    t.match(alone, { replicas: 1, strategy: { type: 'Recreate' } }, 'nodes cannot share the volume')
    const { containers, volumes } = alone.template.spec
    t.ok(volumes.some(({ persistentVolumeClaim }: Volume) => persistentVolumeClaim?.claimName === claim.claimName))
    const { args } = containers[0] as { readonly args: readonly string[] }
    t.ok(args.includes('--storage-backend=kubernetes'))
    t.ok(args.includes('--state-dir=/var/lib/configurable-envoy-proxy/state'))
    await made.upgrade(two)
    t.strictSame((await controlPlane(made)).replicas, 1, 'until the control plane has begun')

    const storageName = args.find((arg) => arg.startsWith('--storage-name='))?.split('=')[1]
    await api.call('POST', pathOf('ConfigMap', made.namespace), { metadata: { name: `${storageName}-begun` } })
    t.notMatch(await made.upgrade(two), 'taken over')
    const { replicas, strategy, template } = await controlPlane(made)
    t.match({ replicas, strategy }, { replicas: 2, strategy: { type: 'RollingUpdate' } })
    t.notOk(template.spec.volumes.some(({ persistentVolumeClaim }: Volume) => persistentVolumeClaim))
    t.ok(
      (await made.objects()).some(({ kind }) => kind === 'PersistentVolumeClaim'),
      'the claim stays',
    )
  })

  t.test('what an API server refuses is not there: the checks can fail', async (t: Test) => {
    const made = await release()
    await t.rejects(
      made.upgrade({ service: { type: 'NodePort', httpNodePort: 80 } }),
      /provided port is not in the valid range/,
    )
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    await t.rejects(api.call('POST', pathOf('Pod', made.namespace), pod), /violates PodSecurity/)
  })
})

/** Values without those of a claim: Kubernetes changes none, but to enlarge it. */
function withSameClaim(values: { controlPlane?: { state?: { size?: string } } }): object {
  return values.controlPlane?.state?.size === undefined ? values : { ...values, controlPlane: {} }
}

interface Volume {
  readonly persistentVolumeClaim?: { readonly claimName: string }
}

function versions(objects: readonly StoredObject[]): Record<string, string> {
  return Object.fromEntries(objects.map((object) => [nameOf(object), object.metadata.resourceVersion]))
}
