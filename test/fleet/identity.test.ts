import t from 'tap'
import { Etcd } from '../support/etcd.js'
import type { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import { call, isReady, RealFleet } from './real-fleet.js'

/*
 * Who counts as a control plane, and what is told if its address or its certificate is wrong. None has an Envoy here.
 */

const etcd = await Etcd.start(t)
const fleet = await RealFleet.make(t, etcd, 2)
const TARGET = 'http://127.0.0.1:9'
let routes = 0

/** Waits until it has logged this. */
function logs(member: ProxyProcess, pattern: RegExp): Promise<void> {
  return eventually(() => pattern.test(member.output), `the log has ${pattern}`)
}

async function post(member: ProxyProcess) {
  routes += 1
  return call(member, 'POST', `/r${routes}`, { target: TARGET })
}

t.test('one whose address nobody can reach is a member, as long as it reaches the others', async (t) => {
  const one = await fleet.start(0)
  const other = await fleet.start(1, ['--member-address', '127.0.0.1:1'])
  for (const member of [one, other]) t.equal((await post(member)).status, 201)
  t.equal((await other.api('GET', '/r1')).status, 200)
  await logs(one, /warn: The control plane at 127\.0\.0\.1:1 can't be reached, will retry: .*ECONNREFUSED/)
  await fleet.stop(1)
})

t.test('if neither reaches the other, the later one takes no calls and says why; the first one goes on', async (t) => {
  await fleet.stop(0)
  const one = await fleet.start(0, ['--member-address', '127.0.0.1:1'])
  const other = await fleet.begin(1, ['--member-address', '127.0.0.1:2'])
  await logs(other, /warn: The control plane at 127\.0\.0\.1:1 can't be reached, will retry: /)
  t.match(await post(other), { status: 503, body: /this control plane has yet to join the others/ })
  t.notOk(await isReady(other))
  t.equal((await post(one)).status, 201)
  for (const index of [0, 1]) await fleet.stop(index)
})

t.test('two with the same address are told so, and changes hold at both', async (t) => {
  const one = await fleet.start(0)
  const other = await fleet.start(1, ['--member-address', fleet.xdsAddress(0)])
  const pattern =
    /warn: Another control plane of these routes has the same address, .*: give each its own --member-address/
  await Promise.all([logs(one, pattern), logs(other, pattern)])
  await eventually(() => isReady(one), 'the first one is back in its place')
  t.notMatch(one.output + other.output, /Warning/, 'Node.js has nothing to say of addresses')
  for (const member of [one, other]) t.equal((await post(member)).status, 201)
  const [here, there] = await Promise.all([one, other].map(async (member) => (await member.api('GET', '')).json()))
  t.strictSame(Object.keys(here as object).sort(), Object.keys(there as object).sort())
  await fleet.stop(1)
})

t.test('one that others find at no address says so at its start', async (t) => {
  const port = fleet.xdsAddress(1).split(':')[1]
  const other = await fleet.start(1, ['--xds-address', `0.0.0.0:${port}`])
  t.match(other.output, /warn: Other control planes of these routes can not reach this one: add --member-address/)
  t.equal((await post(other)).status, 201)
  await fleet.stop(1)
})

t.test('one with the certificate of an Envoy is no member, and both say what is wrong with it', async (t) => {
  const [one] = fleet.members as [ProxyProcess]
  const stranger = await fleet.begin(1, await fleet.strangersTls())
  await logs(one, /warn: Refused .* among the control planes: its certificate is not that of a member/)
  await logs(stranger, /can't be reached, will retry: it refuses this one, whose certificate \(--xds-ssl-cert\)/)
  t.match(await post(stranger), { status: 503 })
  t.notOk(await isReady(stranger))
  t.equal((await post(one)).status, 201)
})
