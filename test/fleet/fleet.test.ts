import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { LATE_MS, lastActivity, untilActive } from '../activity/watch.js'
import { Backend } from '../support/backend.js'
import { barriers, startChromium } from '../support/chromium.js'
import { PLAIN_NODE } from '../support/environment.js'
import { Etcd } from '../support/etcd.js'
import { kill } from '../support/home.js'
import { without } from '../support/installed.js'
import { freePorts } from '../support/ports.js'
import type { ProxyProcess } from '../support/proxy.js'
import { CLI, TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import { FleetLoad } from './load.js'
import { call, isReady, RealFleet, received } from './real-fleet.js'

/*
 * Three control planes and two Envoys over a real etcd: what is answered by one holds for the Envoys of all, whatever happens
 * to one of them.
 */

/** What one call may cost while a control plane hangs, and the machine is busy. */
const FROZEN_MS = 2_500
const SLOW_MS = 1_000

const withoutChromium = await without('chromium', 'chromium')
const etcd = await Etcd.start(t)
const fleet = await RealFleet.make(t, etcd, 3)
const [hub, user] = await Promise.all([Backend.start('hub'), Backend.start('user')])
t.teardown(() => Promise.all([hub.stop(), user.stop()]))
const [metrics = 0] = await freePorts(1)
for (const index of [0, 1, 2]) {
  const own = index === 0 ? ['--metrics-port', String(metrics)] : []
  await fleet.start(index, ['--default-target', hub.url, ...own])
}
const [one, two, three] = fleet.members as [ProxyProcess, ProxyProcess, ProxyProcess]
await fleet.envoy('e1')
await fleet.envoy('e2')

/** How many routes an Envoy is sent at first, how many are added at once, and the least that one takes. */
const [MANY, LANES, BYTES_OF_ROUTE] = [300, 20, 100]

/** Adds a route at one member, and looks at all Envoys right after the answer. */
async function add(member: ProxyProcess, path: string) {
  const answer = await call(member, 'POST', path, { target: user.url })
  return { ...answer, seen: await fleet.answers(`${path}/x`) }
}

async function remove(member: ProxyProcess, path: string) {
  const answer = await call(member, 'DELETE', path)
  return { ...answer, seen: await fleet.answers(`${path}/x`) }
}

t.test('what one control plane has answered holds for the Envoys of all', async (t) => {
  const wrong: unknown[] = []
  for (let index = 0; index < 30; index += 1) {
    const [member, other] = [fleet.members[index % 3], fleet.members[(index + 1) % 3]] as [ProxyProcess, ProxyProcess]
    const path = `/user/u${index}`
    const added = await add(member, path)
    if (added.status !== 201 || added.seen.join() !== 'user,user') wrong.push({ path, added })
    const removed = await remove(other, path)
    if (removed.status !== 204 || removed.seen.join() !== 'hub,hub') wrong.push({ path, removed })
  }
  t.strictSame(wrong, [])
})

t.test('the status page of each shows all of them, in a real browser', { skip: withoutChromium }, async (t) => {
  const browser = await startChromium()
  t.teardown(() => browser.close())
  const page = await (await browser.newContext({ bypassCSP: true })).newPage()
  await page.goto(`http://127.0.0.1:${two.apiPort}/status`)
  await page.getByLabel('Token').fill(TOKEN)
  await page.keyboard.press('Enter')
  const card = page.getByRole('region', { name: 'Control planes' })
  await card.getByText('this one').waitFor()
  t.equal(await card.locator('dl.facts').count(), 3)
  const words = (await card.textContent()) ?? ''
  t.equal(words.match(/in its place/g)?.length, 3, words)
  t.match(words, /e1/)
  t.match(words, /e2/)
  t.strictSame(await barriers(page), [])
})

t.test('when a route was in use is known to each control plane, also to one without an Envoy', async (t) => {
  await add(one, '/user/active')
  const before = await Promise.all(fleet.members.map(lastActivity))
  await fleet.answers('/user/active/x')
  await Promise.all(
    fleet.members.map((member, index) => untilActive(member, ['/user/active'], before[index] ?? new Map())),
  )
  const times = await Promise.all(fleet.members.map(lastActivity))
  const each = times.map((all) => Date.parse(all.get('/user/active') ?? ''))
  t.ok(Math.max(...each) - Math.min(...each) <= LATE_MS, `at ${each}`)
})

t.test('the figures that alerts need are among the metrics', async (t) => {
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
  const inAlerts = new Set((await readFile('ops/prometheus/alerts.yaml', 'utf8')).match(/\bcep_fleet_\w+/g))
  t.ok(inAlerts.size > 0)
  for (const name of inAlerts) t.match(text, new RegExp(`^${name}[ {]`, 'm'))
  t.match(text, /^cep_fleet_in_place 1$/m)
})

t.test('a control plane that hangs costs one call some seconds, and its Envoys are right then, too', async (t) => {
  // Whichever of them has Envoys.
  for (const [index, frozen] of [three, two].entries()) {
    frozen.child.kill('SIGSTOP')
    const added = await add(one, `/user/f${index}`)
    t.match(added, { status: 201, seen: ['user', 'user'] })
    t.ok(added.ms < FROZEN_MS + SLOW_MS, `after ${added.ms} ms`)
    const next = await add(one, `/user/g${index}`)
    t.match(next, { status: 201, seen: ['user', 'user'] })
    t.ok(next.ms < SLOW_MS, `and the next after ${next.ms} ms`)
    frozen.child.kill('SIGCONT')
    await eventually(() => isReady(frozen), 'it joins again')
    t.match(await remove(frozen, `/user/f${index}`), { status: 204, seen: ['hub', 'hub'] }, 'and changes routes')
  }
})

t.test('members shows who is there, with which Envoys, and why one was fenced', async (t) => {
  const [program, ...before] = PLAIN_NODE
  const options = ['--api-ip', '127.0.0.1', '--api-port', String(one.apiPort)]
  const env = { ...process.env, CONFIGPROXY_AUTH_TOKEN: TOKEN }
  const { stdout } = await promisify(execFile)(program, [...before, CLI, 'members', ...options], { env })
  t.equal(stdout.match(/: in its place/g)?.length, 3, stdout)
  t.match(stdout, /^Routes are in etcd.* at revision \d+$/m)
  t.match(stdout, /Envoys {7}.*e[12]/)
  t.match(stdout, /Have lost their place lately:\n.*127\.0\.0\.1:\d+: a change waited for it; it was last heard/)
})

t.test('a control plane that is killed costs one call some seconds, and is back when it is started', async (t) => {
  await kill(three)
  const added = await add(one, '/user/k')
  t.match(added, { status: 201, seen: ['user', 'user'] })
  t.ok(added.ms < FROZEN_MS + SLOW_MS, `after ${added.ms} ms`)
  const again = await fleet.start(2)
  t.match(await (await again.api('GET', '')).json(), { '/user/k': { target: user.url } })
  t.match(await remove(again, '/user/k'), { status: 204, seen: ['hub', 'hub'] })
})

t.test('one after the other is replaced under load, and no request and no call of the hub fails', async (t) => {
  await add(one, '/user/ana')
  const load = FleetLoad.start(fleet, '/user/ana/x', 'user', user.url)
  try {
    for (const index of [0, 1, 2]) {
      await fleet.stop(index)
      await fleet.start(index)
    }
    await eventually(() => load.requests > 100 && load.calls > 20, 'there was enough load')
  } finally {
    await load.stop()
  }
  t.strictSame(load.failed, [], `of ${load.requests} requests and ${load.calls} calls`)
  t.ok(load.repeated <= 2, `${load.repeated} calls were repeated: on a machine with processors to spare none is`)
})

t.test('etcd is away: users are served, reads are answered, writes are refused; afterwards all is right', async (t) => {
  const member = fleet.members[1] as ProxyProcess
  await add(member, '/user/bob')
  await etcd.stop()
  for (let count = 0; count < 3; count += 1) {
    const refused = await call(member, 'POST', '/user/eve', { target: user.url })
    t.equal(refused.status, 503, refused.body)
    t.ok(refused.ms < 2_000 + SLOW_MS, `after ${refused.ms} ms`)
    t.ok(Number(refused.retryAfter) > 0)
    t.strictSame(await fleet.answers('/user/bob/x'), ['user', 'user'])
    t.equal((await call(member, 'GET', '/user/bob')).status, 200)
  }
  await etcd.startAgain()
  const begun = performance.now()
  await eventually(
    async () => (await call(member, 'POST', '/user/eve', { target: user.url })).status === 201,
    'it works',
  )
  const ms = Math.round(performance.now() - begun)
  t.ok(ms < 5_000 + SLOW_MS, `after ${ms} ms`)
  t.strictSame(await fleet.answers('/user/eve/x'), ['user', 'user'])
  t.strictSame(await fleet.answers('/user/bob/x'), ['user', 'user'])
})

t.test('a control plane that comes back sends its Envoys only what differs', async (t) => {
  const paths = Array.from({ length: MANY }, (_, index) => `/user/many${index}`)
  const post = (path: string) => call(fleet.members[0] as ProxyProcess, 'POST', path, { target: user.url })
  for (let at = 0; at < MANY; at += LANES) await Promise.all(paths.slice(at, at + LANES).map(post))
  const envoy = await fleet.envoy('e3')
  const whole = await received(envoy)
  t.ok(whole.bytes > BYTES_OF_ROUTE * MANY, `${whole.bytes} bytes for all of it`)

  // Wherever it is, it goes to one that has come back.
  for (const index of [0, 1]) await fleet.stop(index)
  for (const index of [0, 1]) await fleet.start(index)
  await fleet.stop(2)
  t.equal((await post('/user/other')).status, 201)
  t.strictSame(await fleet.answers('/user/other/x'), ['user', 'user', 'user'])
  const { bytes, added, changed } = await received(envoy)
  t.strictSame([added - whole.added, changed - whole.changed], [1, 0], 'one cluster is new')
  t.ok(bytes - whole.bytes < whole.bytes / 5, `${bytes - whole.bytes} bytes since`)
  await fleet.start(2)
})
