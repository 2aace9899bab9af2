import t from 'tap'
import { Backend } from '../support/backend.js'
import { effort } from '../support/effort.js'
import type { ExternalEnvoy } from '../support/external-envoy.js'
import { backendOf } from '../support/http.js'
import { eventually } from '../support/wait.js'
import { Fleet } from './fleet.js'

const ROUTES = effort('CEP_FLEET_ROUTES')
const LANES = 4
/** How many answers are looked at between two ends of the same Envoy. */
const CHECKS_A_LIFE = 50

t.test('an answer holds for every Envoy that is ready, whichever of them is killed meanwhile', async (t) => {
  const fleet = await Fleet.make(t)
  const [hub, one] = await Promise.all([Backend.start('hub'), Backend.start('one')])
  t.teardown(() => Promise.all([hub.stop(), one.stop()]))
  const proxy = await fleet.start(['--default-target', hub.url])
  const envoys: ExternalEnvoy[] = []
  for (const name of ['g1', 'g2', 'g3']) envoys.push((await fleet.envoy(name)).envoy)
  await Promise.all(envoys.map((envoy) => envoy.serve()))
  const [victim] = envoys as [ExternalEnvoy]

  let going = true
  let restarts = 0
  let checks = 0
  const killing = (async () => {
    while (going) {
      await victim.kill()
      await victim.serve()
      restarts += 1
      const enough = checks + CHECKS_A_LIFE
      await eventually(() => !going || checks > enough, 'it is used')
    }
  })()
  const wrong: string[] = []
  const check = async (path: string, expected: string, when: string) => {
    for (const [index, envoy] of envoys.entries()) {
      if (!(await envoy.isReady())) continue
      // It may be killed between the one and the other.
      const name = await backendOf(0, `${path}/x`, envoy.at).catch(() => undefined)
      if (name === undefined) continue
      checks += 1
      if (name !== expected) wrong.push(`${path} after ${when} at ${index + 1}: ${name}, not ${expected}`)
    }
  }
  const lane = async (first: number) => {
    for (let index = first; index < ROUTES; index += LANES) {
      const path = `/user/u${index}`
      await proxy.route(path, one.url)
      await check(path, 'one', 'its add')
      if ((await proxy.api('DELETE', path)).status !== 204) wrong.push(`${path} was not deleted`)
      await check(path, 'hub', 'its delete')
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)))
  going = false
  await killing
  t.strictSame(wrong, [])
  t.ok(checks > ROUTES * 4, `${checks} checks`)
  t.ok(restarts > 2, `${restarts} restarts`)
})

t.test('one Envoy that is silent holds up no change for long, and gets all of them when it is back', async (t) => {
  const fleet = await Fleet.make(t)
  const proxy = await fleet.start(['--metrics-ip', '127.0.0.1', '--metrics-port', String(fleet.home.ports[0])])
  const envoys = await Promise.all(['g1', 'g2'].map(async (name) => (await fleet.envoy(name)).envoy))
  await Promise.all(envoys.map((envoy) => envoy.serve()))
  const [silent, other] = envoys as [ExternalEnvoy, ExternalEnvoy]
  await proxy.route('/user/a', fleet.home.backend.url)
  process.kill(silent.pid, 'SIGSTOP')
  const begun = performance.now()
  await proxy.route('/user/b', fleet.home.backend.url)
  const waited = performance.now() - begun
  t.ok(waited < 4_000, 'it is answered in a bounded time')
  t.equal(await backendOf(0, '/user/b', other.at), 'a')
  t.match(proxy.output, /warn: Envoy g1 does not answer while others do/)
  const afterwards = performance.now()
  await proxy.route('/user/c', fleet.home.backend.url)
  t.ok(performance.now() - afterwards < waited / 2, 'and the next one does not wait')
  const metrics = await (await fetch(`http://127.0.0.1:${fleet.home.ports[0]}/metrics`)).text()
  t.match(metrics, 'cep_envoys_cut_off_total 1')
  t.match(metrics, 'cep_envoys_connected 1')

  process.kill(silent.pid, 'SIGCONT')
  await eventually(() => proxy.output.split('Envoy g1 connected').length === 3, 'it is back')
  await proxy.route('/user/d', fleet.home.backend.url)
  for (const path of ['/user/b', '/user/c', '/user/d']) t.equal(await backendOf(0, path, silent.at), 'a')
})

t.test('a route that an Envoy refuses is taken back from all', async (t) => {
  const fleet = await Fleet.make(t)
  const proxy = await fleet.start()
  const envoys = await Promise.all(['g1', 'g2'].map(async (name) => (await fleet.envoy(name)).envoy))
  await Promise.all(envoys.map((envoy) => envoy.serve()))
  await proxy.route('/user/a', fleet.home.backend.url)
  const refused = await proxy.api('POST', '/user/a', { target: `http+unix://%2F${'s'.repeat(120)}` })
  t.equal(refused.status, 400)
  await proxy.route('/user/b', fleet.home.backend.url)
  for (const { at } of envoys) t.equal(await backendOf(0, '/user/a', at), 'a')
})
