import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { RealFleet } from '../fleet/real-fleet.js'
import { Authority } from '../support/certificate.js'
import { Etcd } from '../support/etcd.js'
import { ask } from '../support/http.js'
import { HubProcess } from '../support/hub.js'
import { without } from '../support/installed.js'
import { freePorts } from '../support/ports.js'
import { Prometheus } from '../support/prometheus.js'
import { hubVenv, withoutHub } from '../support/venv.js'
import { eventually } from '../support/wait.js'

interface Panel {
  readonly title: string
  readonly targets?: ReadonlyArray<{ readonly expr: string }>
}

const read = (path: string) => readFile(join(PACKAGE_ROOT, path), 'utf8')
const { panels } = JSON.parse(await read('ops/grafana/dashboard.json')) as { readonly panels: readonly Panel[] }
const skip = (await without('prometheus', 'prometheus')) || (await withoutHub())
/** A control plane over etcd has the figures of a fleet, and those of a store on disk not. */
const withoutEtcd = await without('etcd', 'etcd-server')

t.test("the first row needs only JupyterHub's own metrics, so that it works with any proxy", async (t) => {
  const first = panels.slice(
    1,
    panels.findIndex(({ targets }, index) => index > 0 && targets === undefined),
  )
  const expressions = first.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n')
  for (const name of ['proxy_add', 'proxy_delete', 'proxy_poll', 'check_routes'])
    t.match(expressions, `jupyterhub_${name}_duration_seconds`)
  t.notMatch(expressions, /\bcep_|requests_|\$instance/)
})

t.test(
  'a real Prometheus that scrapes a real hub and its proxy answers every query of the dashboard',
  { skip },
  async (t) => {
    const [metrics = 0] = await freePorts(1)
    const authority = await Authority.make()
    const hasFleet = withoutEtcd === false
    const [member = 0] = await freePorts(1)
    if (hasFleet) {
      const fleet = await RealFleet.make(t, await Etcd.start(t), 1)
      await fleet.start(0, ['--metrics-port', String(member)])
    }
    const proxyArgs = [
      '--metrics-ip',
      '127.0.0.1',
      '--metrics-port',
      String(metrics),
      '--client-ssl-ca',
      authority.file,
    ]
    const hub = await HubProcess.spawn(await hubVenv(), { openMetrics: true, proxyArgs })
    t.teardown(async () => {
      await hub.cleanUp()
      await authority.remove()
      if (!t.passing()) t.comment(hub.output)
    })
    await hub.ready()
    const prometheus = await Prometheus.start([
      { job: 'hub', port: hub.ports.hub, path: '/hub/metrics' },
      { job: 'proxy', port: metrics, path: '/metrics' },
      ...(hasFleet ? [{ job: 'member', port: member, path: '/metrics' }] : []),
    ])
    t.teardown(() => prometheus.stop())
    await eventually(async () => (await prometheus.query('up == 1')) === (hasFleet ? 3 : 2), 'all are scraped')
    await ask(hub.ports.open, '/hub/health')
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        if (expr.includes('cep_fleet_') && !hasFleet) continue
        const query = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '20s')
        await eventually(async () => (await prometheus.query(query)) > 0, `${title}: ${query}`)
      }
    }
    t.pass('every query has an answer')
    const inAlerts = new Set(
      (await read('ops/prometheus/alerts.yaml')).match(/\b(?:cep|requests|nodejs|jupyterhub)_\w+/g),
    )
    // Those of several control planes are in test/fleet, too.
    const here = [...inAlerts].filter((name) => hasFleet || !name.startsWith('cep_fleet_'))
    for (const name of here) t.ok((await prometheus.query(name)) > 0, `${name}, which an alert needs`)
  },
)
