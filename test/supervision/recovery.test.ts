import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { recheckClusters } from '../../src/data-plane/embedded/recovery.js'
import { EnvoyAdmin } from '../../src/envoy/admin.js'
import { SYSTEM_CLOCK } from '../../src/platform/clock.js'
import { ServedCollection } from '../../src/xds/served-collection.js'
import { ONE_ENVOY } from '../../src/xds/wait-policy.js'
import { admin } from '../support/admin.js'
import { Home, kill } from '../support/home.js'
import { backendOf } from '../support/http.js'

t.test('a lost state directory is filled again with what Envoy holds', async (t) => {
  const home = await Home.make(t)
  const first = await home.start(['--host-routing'])
  const routes = {
    '/Host.example/user/é': { target: home.backend.url, user: 'é', jupyterhub: true, nested: { x: [1] } },
  }
  await first.route('/Host.example/user/%C3%A9', home.backend.url, { user: 'é', jupyterhub: true, nested: { x: [1] } })
  await first.route('/dns.example', 'http://localhost:80/prefix')
  const envoy = await first.envoyPid()
  await kill(first)
  await rm(home.stateDir, { recursive: true, force: true })
  const second = await home.start(['--host-routing'])
  t.match(second.output, /There were no stored routes: recovered 2 of 2 from the running Envoy/)
  t.equal(await second.envoyPid(), envoy)
  t.match(await (await second.api('GET', '')).json(), { ...routes, '/dns.example': { host: 'dns.example' } })
  const stats = await admin(second, '/stats?filter=cluster_manager.cluster_')
  t.match(stats, /cluster_removed: 0\n/, 'nothing had to be sent')
  t.equal(await backendOf(second.port, '/user/%C3%A9', { headers: { host: 'host.example' } }), 'a')
})

t.test('after a refusal, clusters are looked at that Envoy may hold without naming them', async (t) => {
  const home = await Home.make(t)
  const proxy = await home.start()
  const admin = new EnvoyAdmin(join(proxy.runtimeDir, 'admin.sock'))
  await proxy.route('/user/a', home.backend.url)
  t.equal(await admin.rejectedUpdates(), 0)
  const tooLong = `http+unix://%2F${'x'.repeat(200)}`
  t.equal((await proxy.api('POST', '/user/b', { target: tooLong })).status, 400)
  t.equal(await admin.rejectedUpdates(), 1)

  const clusters = new ServedCollection({
    typeUrl: 'clusters',
    ackTimeoutMs: 1,
    policy: ONE_ENVOY,
    clock: SYSTEM_CLOCK,
    onRejected: () => {},
  })
  for (const { version, cluster } of await admin.clusters<{ name: string }>(['name'])) {
    // One is as Envoy has it; the other is unknown to the collection.
    if (cluster.name !== 'r:/user/a')
      clusters.collection.set(cluster.name, { name: cluster.name, version, bytes: Buffer.alloc(0) })
  }
  await recheckClusters(admin, clusters, pino({ level: 'silent' }))
  t.strictSame([...clusters.subscriptions.unconfirmed('an Envoy')], ['r:/user/a'])
})
