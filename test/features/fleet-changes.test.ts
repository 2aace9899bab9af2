import t from 'tap'
import { LIMITS } from '../../src/fleet/protocol/limits.js'
import { TestResolver } from '../names/test-resolver.js'
import { turns } from './clock.js'
import type { Member } from './fleet-world.js'
import { answered, FleetOfWorlds, two } from './fleet-world.js'

/*
 * Control planes over one store: a store that goes back in time or gives no answer, and changes that take long.
 */

const [OLD, NEW] = ['127.0.0.1:1', '127.0.0.1:2']

t.test('a store that is set back, as from a backup, is followed, and nobody vouches by what was before', async (t) => {
  const [fleet, one, other] = await two(t)
  const envoys = [await fleet.envoy(one), await fleet.envoy(other)] as const
  await answered(fleet, one.world.post('/a', `http://${OLD}`))
  const restore = fleet.shared.backUp()
  for (let count = 0; count < 20; count += 1) await answered(fleet, one.world.post('/b', `http://${OLD}`))
  restore()
  await fleet.clock.pass(100)
  await fleet.passUntil(() => one.standing === 'in' && other.standing === 'in', 'they are in their places')
  await fleet.passUntil(
    () => envoys.every((envoy) => envoy.stream !== undefined && envoy.target('/b') === undefined),
    'Envoys are back, and have no more than the store',
  )
  for (const envoy of envoys) t.equal(envoy.target('/a'), OLD)

  await fleet.clock.pass(LIMITS.move)
  const [, far] = envoys
  const writer = fleet.members.find((member) => !member.envoys.has(far)) as Member
  far.answers = false
  const call = writer.world.post('/g', `http://${NEW}`)
  await fleet.clock.pass(500)
  t.equal(call.answer, undefined, 'it waits for the Envoy of the other one')
  far.answers = true
  far.answerAll()
  await fleet.passUntil(() => call.answer !== undefined, 'it is answered')
  t.strictSame([call.answer?.status, far.target('/g')], [201, NEW])
  t.equal((await answered(fleet, writer.world.delete('/nowhere'))).status, 404)
})

t.test('that there is no such route holds everywhere, though another one has stored one meanwhile', async (t) => {
  const [fleet, one, other] = await two(t)
  const envoys = [await fleet.envoy(one), await fleet.envoy(other)] as const
  fleet.shared.holds = true
  fleet.shared.losesAnswer = true
  const unknown = await answered(fleet, one.world.post('/a', `http://${OLD}`))
  t.not(unknown.status, 201, 'it is stored, but nobody has heard of it')
  const removal = other.world.delete('/a')
  await turns()
  fleet.shared.holds = false
  fleet.shared.tell()
  t.equal((await answered(fleet, removal)).status, 404)
  for (const envoy of envoys) t.equal(envoy.target('/a'), undefined)
  t.notOk(fleet.shared.routes.has('/a'))
})

t.test('after the store was set back, Envoys get as long to come as after any other loss of the place', async (t) => {
  const [fleet, one] = await two(t)
  const restore = fleet.shared.backUp()
  await answered(fleet, one.world.post('/a', `http://${OLD}`))
  fleet.shared.reading = new Promise((resolve) => void fleet.clock.after(1_000, resolve))
  restore()
  await fleet.passUntil(() => one.standing !== 'in', 'it knows')
  await fleet.passUntil(() => one.standing === 'in', 'it is in its place')
  const call = one.world.post('/b', `http://${OLD}`)
  const ms = await fleet.passUntil(() => call.answer !== undefined, 'it is answered')
  t.equal(call.answer?.status, 201)
  t.ok(ms > LIMITS.find + 200 && ms <= LIMITS.move, `after ${ms} ms`)
})

t.test('why a control plane has lost its place is told as it was', async (t) => {
  const [fleet, one, other] = await two(t)
  fleet.shared.endLease('m1:1')
  await fleet.passUntil(() => one.store.figures.lost === 1, 'it knows')
  await fleet.passUntil(() => one.standing === 'in', 'it joins again')
  const restore = fleet.shared.backUp()
  await answered(fleet, other.world.post('/a', `http://${OLD}`))
  restore()
  await fleet.passUntil(() => one.store.figures.lost === 2, 'it knows')
  t.match(one.store.view([]).fenced, [
    { self: true, why: 'the store was set back to an earlier state' },
    { self: true, why: /another control plane has fenced it, or the store was out of its reach/ },
  ])
})

t.test('a start that fails keeps no change of another control plane waiting', async (t) => {
  const [fleet, one, other] = await two(t)
  await fleet.envoy(one)
  const discarded = other.store.discard(0)
  const call = one.world.post('/a', `http://${OLD}`)
  const ms = await fleet.passUntil(() => call.answer !== undefined, 'it is answered')
  await discarded
  t.equal(call.answer?.status, 201)
  t.ok(ms < 500, `after ${ms} ms`)
})

t.test('a write that was given up can not undo one that its control plane has confirmed', async (t) => {
  const [fleet, one, other] = await two(t)
  const envoys = [await fleet.envoy(one), await fleet.envoy(other)] as const
  let goOn = () => {}
  fleet.shared.settling = new Promise((resolve) => {
    goOn = resolve
  })
  fleet.shared.givesUpWrite = true
  t.equal((await answered(fleet, one.world.post('/a', `http://${OLD}`))).status, 503)
  const removal = other.world.delete('/a')
  await fleet.clock.pass(500)
  t.equal(removal.answer, undefined, 'the write may come yet')
  goOn()
  t.equal((await answered(fleet, removal)).status, 404)
  fleet.shared.carryOut()
  await fleet.clock.pass(100)
  t.notOk(fleet.shared.routes.has('/a'))
  for (const envoy of envoys) t.equal(envoy.target('/a'), undefined)
  t.strictSame([one.standing, other.standing], ['in', 'in'])
})

t.test('a control plane that can not see to it that such a write is not made is given up', async (t) => {
  const [fleet, one, other] = await two(t)
  fleet.shared.settling = new Promise(() => {})
  fleet.shared.givesUpWrite = true
  await answered(fleet, one.world.post('/a', `http://${OLD}`))
  t.equal((await answered(fleet, other.world.delete('/a'))).status, 404)
  t.match(other.store.view([]).fenced, [{ address: 'm1:1' }])
  fleet.shared.carryOut()
  t.notOk(fleet.shared.routes.has('/a'))
  await fleet.passUntil(() => one.standing === 'in', 'it joins again')
  t.equal((await answered(fleet, one.world.post('/a', `http://${NEW}`))).status, 201)
})

t.test('a call that waits for a name keeps no other control plane waiting that changes the same route', async (t) => {
  const fleet = new FleetOfWorlds(t)
  const resolver = new TestResolver()
  const [one, other] = [await fleet.add(resolver), await fleet.add()]
  await fleet.clock.pass(LIMITS.move)
  const envoys = [await fleet.envoy(one), await fleet.envoy(other)]
  const targets = () => envoys.map((envoy) => envoy.target('/a'))
  resolver.names.set('slow', ['10.0.0.1'])
  resolver.hangs = true
  const slow = one.world.post('/a', 'http://slow:80')
  const next = one.world.post('/a', 'http://slow:81')
  await fleet.clock.pass(1_000)
  for (const [call, status, target] of [
    [() => other.world.post('/a', `http://${OLD}`), 201, OLD],
    [() => other.world.delete('/a'), 204, undefined],
  ] as const) {
    const change = call()
    const ms = await fleet.passUntil(() => change.answer !== undefined, 'it is answered')
    t.equal(change.answer?.status, status)
    t.ok(ms < 500, `after ${ms} ms`)
    t.strictSame(targets(), [target, target])
  }
  t.strictSame([one.standing, one.store.figures.lost], ['in', 0])
  t.equal(slow.answer, undefined)
  resolver.answerAll()
  resolver.hangs = false
  t.equal((await answered(fleet, slow)).status, 201)
  t.equal((await answered(fleet, next)).status, 201)
  t.equal(envoys[0]?.target('/a'), '10.0.0.1:81', 'of two calls at one control plane the later one counts')
})
