import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import type { Container, Pod } from './render.js'
import { communicate, container, objections, render } from './render.js'
import type { HelmTools } from './tools.js'
import { helmTools, withoutHelm } from './tools.js'
import { z2jhChart } from './z2jh.js'

const BUILD_MS = 20 * 60_000
const example = (name: string) => join(PACKAGE_ROOT, 'helm/z2jh', name)
const read = async (name: string) => parse(await readFile(example(name), 'utf8'))

t.setTimeout(BUILD_MS)
const skip = await withoutHelm()

t.test('zero-to-jupyterhub works with our image and with our chart', { skip, timeout: BUILD_MS }, async (t) => {
  const tools = await helmTools()

  t.test("the account of z2jh's proxy has the rights of the chart's", async (t) => {
    const rules = (text: string) =>
      parseAllDocuments(text)
        .map((document) => document.toJS())
        .find((object) => object?.kind === 'Role')?.rules
    const chart = await render(tools, { controlPlane: { state: { store: 'kubernetes' } } })
    const account = await readFile(example('account.yaml'), 'utf8')
    t.strictSame(await objections(tools, account), [])
    t.ok(rules(account).length > 0)
    t.strictSame(rules(account), rules(chart.yaml))
  })

  t.test('our chart and the hub find each other by the values of the examples', async (t) => {
    const rendering = await render(tools, {}, { files: [example('proxy-for-z2jh.yaml')] })
    t.strictSame(await objections(tools, rendering.yaml), [])
    const { extraConfig } = (await read('hub-with-chart.yaml')).hub
    const [, host = '', port] = /api_url = "http:\/\/([^:]+):(\d+)"/.exec(extraConfig['configurable-envoy-proxy']) ?? []
    t.match(rendering.get('Service', host).spec.ports, [{ port: Number(port), targetPort: 'api' }])
    const [token] = container(rendering.pod('Deployment', 'envoy-proxy-control-plane'), 'control-plane').env ?? []
    t.match(token?.valueFrom?.secretKeyRef, { name: 'hub', key: 'hub.config.ConfigurableHTTPProxy.auth_token' })
    t.strictSame(await objections(tools, await readFile(example('claim.yaml'), 'utf8')), [])
  })

  // Its chart is in no package registry, so there are places where these can't run.
  const chart = await fetched(tools)
  const options = 'chart' in chart ? {} : { skip: chart.reason }

  t.test("z2jh's chart takes our image", options, async (t) => {
    const files = [example('image.yaml'), example('image-with-volume.yaml')]
    const rendering = await render(tools, {}, { chart: String(chart.chart), files })
    const pod = rendering.pod('Deployment', 'proxy')
    const chp = container(pod, 'chp') as Partial<Container> & { readonly image: string }
    t.equal(chp.image, 'configurable-envoy-proxy:0.1.0')
    // Its releases differ in which of the two has the options.
    const [command, ...args] = [...(chp.command ?? []), ...(chp.args ?? [])]
    t.equal(command, 'configurable-http-proxy')
    t.match(args, ['--ip=', '--api-ip=', '--api-port=8001'])
    t.equal(args.at(-1), '--state-dir=/var/lib/configurable-envoy-proxy/state')

    const deployment = structuredClone(rendering.get('Deployment', 'proxy'))
    const patch = await read('mount.patch.yaml')
    const [{ name, volumeMounts }] = patch.spec.template.spec.containers
    const patched = container(deployment.spec.template.spec as Pod, name)
    Object.assign(patched, { volumeMounts: [...(patched.volumeMounts ?? []), ...volumeMounts] })
    t.strictSame(await objections(tools, stringify(deployment)), [], 'with the volume mounted: restricted')
  })

  t.test("z2jh's proxy gets the account with which it stores its routes", options, async (t) => {
    const files = [example('image.yaml'), example('image-with-account.yaml')]
    const rendering = await render(tools, {}, { chart: String(chart.chart), files })
    const pod = rendering.pod('Deployment', 'proxy') as Pod & { readonly serviceAccountName?: string }
    const [account] = parseAllDocuments(await readFile(example('account.yaml'), 'utf8'))
    t.match(account?.toJS(), { kind: 'ServiceAccount', metadata: { name: pod.serviceAccountName } })
    t.notOk(Object.hasOwn(pod, 'automountServiceAccountToken'), 'its token is in the pod, unless z2jh says otherwise')
    const { command = [], args = [] } = container(pod, 'chp') as Partial<Container>
    t.equal([...command, ...args].at(-1), '--storage-backend=kubernetes')
  })

  // Of these two the first is newer than z2jh 4.4.0, the second newer still.
  const skipped = async (value: 'command' | 'enabled') => {
    if ('reason' in chart) return { skip: chart.reason }
    const values = await communicate(tools.helm, ['show', 'values', chart.chart])
    return Object.hasOwn(parse(values.stdout).proxy.chp, value) ? {} : { skip: `this z2jh has no proxy.chp.${value}` }
  }

  t.test("z2jh's proxy runs another command", await skipped('command'), async (t) => {
    const files = [example('image.yaml'), example('command.yaml')]
    const rendering = await render(tools, {}, { chart: String(chart.chart), files })
    const { command, args } = container(rendering.pod('Deployment', 'proxy'), 'chp')
    t.strictSame(command, ['configurable-envoy-proxy'])
    t.match(args, ['--ip=', '--api-ip=', '--api-port=8001'], "with CHP's options")
  })

  t.test("our chart runs instead of z2jh's proxy", await skipped('enabled'), async (t) => {
    const files = [example('hub-with-chart.yaml'), example('hub-without-chp.yaml')]
    const rendering = await render(tools, {}, { chart: String(chart.chart), files })
    const deployments = rendering.all('Deployment').map(({ metadata }) => metadata.name)
    t.notOk(deployments.includes('proxy'), 'it is not started')
    t.ok(deployments.includes('hub'))
    const { selector } = rendering.get('Service', 'proxy-public').spec
    const ours = await render(tools, {}, { files: [example('proxy-for-z2jh.yaml')] })
    for (const { spec } of ours.all('Deployment')) {
      const { labels } = spec.template.metadata
      t.ok(
        Object.entries(selector).some(([key, value]) => labels[key] !== value),
        "its Services don't lead to our pods",
      )
    }
  })

  t.test("z2jh's chart runs beside ours", options, async (t) => {
    const files = [example('hub-with-chart.yaml')]
    const hub = await render(tools, {}, { chart: String(chart.chart), files })
    t.equal(hub.get('Service', 'proxy-public').spec.type, 'ClusterIP')
    const values = Buffer.from(hub.get('Secret', 'hub').data?.['values.yaml'] ?? '', 'base64').toString()
    t.match(parse(values).hub.extraConfig, { 'configurable-envoy-proxy': /should_start = False/ })
    t.ok(hub.get('Secret', 'hub').data?.['hub.config.ConfigurableHTTPProxy.auth_token'], 'the token is where we look')

    const ours = await render(tools, {}, { files: [example('proxy-for-z2jh.yaml')] })
    const [{ from }] = ours.get('NetworkPolicy', 'envoy-proxy-control-plane').spec.ingress
    const { labels } = hub.get('Deployment', 'hub').spec.template.metadata
    t.match(labels, from[0].podSelector.matchLabels, 'the hub may reach the API')
    const { labels: envoy } = ours.get('Deployment', 'envoy-proxy-envoy').spec.template.metadata
    const ingress = hub.get('NetworkPolicy', 'hub').spec.ingress.flatMap((rule: { from?: object[] }) => rule.from ?? [])
    const admitted = ingress.some(({ podSelector }: { podSelector?: { matchLabels: Record<string, string> } }) =>
      Object.entries(podSelector?.matchLabels ?? { no: 'peer' }).every(([key, value]) => envoy[key] === value),
    )
    t.ok(admitted, "Envoys may reach the hub, by the hub's own policy")
  })
})

async function fetched(tools: HelmTools): Promise<{ chart: string } | { chart?: never; reason: string }> {
  return z2jhChart(tools).then(
    (chart) => ({ chart }),
    (error: Error) => ({ reason: error.message }),
  )
}
