import t from 'tap'
import { readStorageName } from '../../src/settings/store.js'
import { MATRIX, REFUSED } from './matrix.js'
import type { Manifest, Rendering } from './render.js'
import { CHART, communicate, container, FULL_NAME, helmTemplate, NAMESPACE, objections, render } from './render.js'
import { helmTools, withoutHelm } from './tools.js'

/** Should Helm have to be built, on a slow machine. */
const BUILD_MS = 20 * 60_000

t.setTimeout(BUILD_MS)
const skip = await withoutHelm()

t.test('the chart makes what an API server takes', { skip, timeout: BUILD_MS }, async (t) => {
  const tools = await helmTools()

  t.test('helm lint has nothing against it', async (t) => {
    const { status, stdout } = await communicate(tools.helm, ['lint', '--strict', CHART])
    t.equal(status, 0, stdout)
  })

  for (const [name, values] of Object.entries(MATRIX)) {
    t.test(`an API server takes it, restricted: ${name}`, async (t) => {
      const rendering = await render(tools, values)
      t.strictSame(await objections(tools, rendering.yaml), [])
      t.strictSame(danglingReferences(rendering), [], 'what one object says of another is so')
      t.strictSame(danglingMounts(rendering), [], 'each volume is mounted, and each mount has a volume')
      for (const { spec } of [...rendering.all('Deployment'), ...rendering.all('DaemonSet')]) {
        const { app, component, release } = spec.template.metadata.labels
        t.strictSame({ app, component, release }, { app: 'jupyterhub', component: 'proxy', release: undefined })
      }
    })
  }

  for (const [values, named] of REFUSED) {
    t.test(`refused: ${JSON.stringify(values)}`, async (t) => {
      const { status, stderr } = await helmTemplate(tools, values)
      t.equal(status, 1)
      t.match(stderr, named)
    })
  }

  t.test('what judges the chart does find faults', async (t) => {
    const { yaml } = await render(tools, MATRIX.gateway ?? {})
    const spoilt = (from: string | RegExp, to: string) => {
      t.match(yaml, from)
      return objections(tools, yaml.replace(from, to))
    }
    t.match((await spoilt('drop: [ALL]', 'drop: []'))[0], /restricted: unrestricted capabilities/)
    t.match((await spoilt('readOnlyRootFilesystem', 'readonlyRootFilesystem'))[0], /unknown field/)
    t.match((await spoilt('maxUnavailable: 0', 'maxUnavailable: 1.5'))[0], /maxUnavailable/)
    t.match((await spoilt('name: envoy-metrics', 'name: envoy-metrics-and-more'))[0], /no more than 15/)
    t.match((await spoilt('mountPath: /etc/cep/xds', 'mountPath: /tmp'))[0], /must be unique/)
  })

  t.test('Envoys are replaced without one missing, and have time to drain', async (t) => {
    const rendering = await render(tools, MATRIX['gateway of three without budget and spread'] ?? {})
    const { spec } = rendering.get('Deployment', `${FULL_NAME}-envoy`)
    t.strictSame(spec.strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } })
    const pod = rendering.pod('Deployment', `${FULL_NAME}-envoy`)
    t.match(container(pod, 'envoy').lifecycle?.preStop.exec.command, ['configurable-envoy-proxy', 'drain'])
    t.ok(container(pod, 'envoy').lifecycle?.preStop.exec.command.includes('--seconds=300'))
    t.equal(pod.terminationGracePeriodSeconds, 315)
  })

  t.test('there is one control plane, and never two at once', async (t) => {
    for (const [values, name] of [
      [{}, FULL_NAME],
      [{ mode: 'gateway' }, `${FULL_NAME}-control-plane`],
    ] as const) {
      const { spec } = (await render(tools, values)).get('Deployment', name)
      t.match(spec, { replicas: 1, strategy: { type: 'Recreate' } })
    }
  })

  t.test('of two control planes one is always there', async (t) => {
    const rendering = await render(tools, MATRIX['gateway with two control planes'] ?? {})
    const name = `${FULL_NAME}-control-plane`
    const { spec } = rendering.get('Deployment', name)
    t.match(spec, {
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    })
    t.match(spec.template.spec.topologySpreadConstraints[0], { topologyKey: 'kubernetes.io/hostname', maxSkew: 1 })
    const budget = rendering.get('PodDisruptionBudget', name).spec
    t.match(budget, { maxUnavailable: 1, selector: spec.selector })

    const { args, env = [], lifecycle } = container(rendering.pod('Deployment', name), 'control-plane')
    t.ok(args.includes('--member-address=$(POD_IP)'))
    t.match(
      env.find((variable) => variable.name === 'POD_IP'),
      { valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    )
    t.match(lifecycle?.preStop.exec.command, ['sleep', '5'], 'calls that are still sent to it are answered')
    for (const service of [`${FULL_NAME}-api`, `${FULL_NAME}-members`]) {
      t.notOk(
        rendering.get('Service', service).spec.publishNotReadyAddresses,
        `${service} leaves out one that is fenced`,
      )
    }
    const [envoys, members] = rendering.get('NetworkPolicy', name).spec.ingress[1].from
    t.same(
      [envoys, members].map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/component']),
      ['envoy', 'control-plane'],
    )
    t.match(
      rendering.get('Certificate', `${FULL_NAME}-xds-server`).spec.usages,
      /client auth/,
      'they show it to each other',
    )
  })

  t.test('an Envoy of two control planes finds each of them', async (t) => {
    const rendering = await render(tools, MATRIX['gateway with two control planes'] ?? {})
    const { args } = container(rendering.pod('Deployment', `${FULL_NAME}-envoy`), 'bootstrap')
    const value = (flag: string) => args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1)
    const [service = '', port] = value('--xds-address')?.split(`.${NAMESPACE}.svc:`) ?? []
    t.match(rendering.get('Service', service).spec, { clusterIP: 'None', ports: [{ port: Number(port) }] })
    t.strictSame(rendering.get('Certificate', `${FULL_NAME}-xds-server`).spec.dnsNames, [value('--xds-server-name')])
    t.ok(args.includes('--fleet'))
  })

  t.test('only what keeps routes in Kubernetes has an account, with no more rights than it needs', async (t) => {
    for (const name of ['gateway with two control planes', 'sidecar with routes in ConfigMaps']) {
      const rendering = await render(tools, MATRIX[name] ?? {})
      const [role] = rendering.all('Role') as ReadonlyArray<Manifest & { readonly rules: unknown }>
      t.strictSame(role?.rules, [
        { apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch', 'create', 'update', 'delete'] },
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['list', 'create', 'update', 'delete'] },
      ])
      t.strictSame(rendering.all('PersistentVolumeClaim'), [], 'no volume')
      const pods = rendering.all('Deployment').map(({ metadata }) => rendering.pod('Deployment', metadata.name))
      for (const { containers, initContainers = [], automountServiceAccountToken, volumes } of pods) {
        t.equal(automountServiceAccountToken, false)
        const [account] = volumes.filter(({ projected }) => projected)
        for (const { name, volumeMounts } of [...containers, ...initContainers]) {
          const isMounted = volumeMounts.some((mount) => mount.name === account?.name)
          t.equal(isMounted, name === 'control-plane', `${name} has the token`)
        }
      }
    }
    t.strictSame((await render(tools, { mode: 'gateway' })).all('ServiceAccount'), [])
  })

  t.test('the names of ConfigMaps are those of one release', async (t) => {
    const { fullnameOverride, ...values } = MATRIX[
      'gateway with one control plane that keeps its routes in ConfigMaps'
    ] as { fullnameOverride: string }
    const nameWith = async (fullname: string) => {
      const rendering = await render(tools, { ...values, fullnameOverride: fullname })
      const { args } = container(rendering.pod('Deployment', `${fullname}-control-plane`), 'control-plane')
      return readStorageName(args.find((arg) => arg.startsWith('--storage-name='))?.split('=')[1] ?? '')
    }
    t.equal(await nameWith('short'), 'short-routes')
    t.not(await nameWith(fullnameOverride.slice(0, 46)), await nameWith(fullnameOverride.slice(0, 45)))
  })

  t.test('no object says what the token is but the Secret', async (t) => {
    const rendering = await render(tools, { mode: 'gateway' })
    const token = rendering.get('Secret', `${FULL_NAME}-token`).data?.token ?? ''
    t.equal(Buffer.from(token, 'base64').length, 64)
    const { length } = rendering.yaml.split(Buffer.from(token, 'base64').toString())
    t.equal(length, 1, 'not in the clear')
    t.equal(rendering.yaml.split(token).length, 2, 'once')
  })

  t.test('network policies name who may connect', async (t) => {
    const rendering = await render(tools, { mode: 'gateway' })
    const rules = (name: string) => rendering.get('NetworkPolicy', name).spec.ingress
    t.strictSame(rules(`${FULL_NAME}-envoy`), [{ ports: [{ port: 'http' }] }], 'everyone to the public port alone')
    const hub = { podSelector: { matchLabels: { app: 'jupyterhub', component: 'hub' } } }
    const envoys = {
      podSelector: { matchLabels: rendering.get('Deployment', `${FULL_NAME}-envoy`).spec.selector.matchLabels },
    }
    t.strictSame(rules(`${FULL_NAME}-control-plane`), [
      { from: [hub], ports: [{ port: 'api' }] },
      { from: [envoys], ports: [{ port: 'xds' }] },
    ])
  })
})

/** Selectors that select nothing, ports by names that no container has, Secrets and claims that are nowhere. */
function danglingReferences(rendering: Rendering): string[] {
  const workloads = [...rendering.all('Deployment'), ...rendering.all('DaemonSet')]
  const selected = (labels: Readonly<Record<string, string>>) =>
    workloads.filter(({ spec }) =>
      Object.entries(labels).every(([key, value]) => spec.template.metadata.labels[key] === value),
    )
  const ports = ({ spec }: Manifest) => spec.template.spec.containers.flatMap((c: { ports: object[] }) => c.ports)
  const found: string[] = []
  for (const { kind, metadata, spec } of rendering.manifests) {
    const who = `${kind} ${metadata.name}`
    const labels = { Service: spec?.selector, NetworkPolicy: spec?.podSelector?.matchLabels }[kind]
    if (labels === undefined) continue
    const [target, ...more] = selected(labels)
    if (target === undefined || more.length > 0) {
      found.push(`${who} selects ${more.length + (target ? 1 : 0)} workloads`)
      continue
    }
    const named = spec.ports?.map(({ targetPort }: { targetPort: string }) => targetPort) ?? []
    for (const { ports = [] } of spec.ingress ?? []) named.push(...ports.map(({ port }: { port: string }) => port))
    for (const port of named) {
      if (!ports(target).some(({ name }: { name: string }) => name === port)) found.push(`${who}: no port ${port}`)
    }
  }
  return found
}

function danglingMounts(rendering: Rendering): string[] {
  return [...rendering.all('Deployment'), ...rendering.all('DaemonSet')].flatMap(({ kind, metadata }) => {
    const pod = rendering.pod(kind, metadata.name)
    const mounted = [...pod.containers, ...(pod.initContainers ?? [])].flatMap(({ volumeMounts }) =>
      volumeMounts.map(({ name }) => name),
    )
    const volumes = pod.volumes.map(({ name }) => name)
    return [...new Set([...mounted, ...volumes])]
      .filter((name) => !mounted.includes(name) || !volumes.includes(name))
      .map((name) => `${metadata.name}: ${name}`)
  })
}
