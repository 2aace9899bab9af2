import t from 'tap'
import { asText } from '../../src/cli/commands/members.js'
import { LIMITS } from '../../src/fleet/protocol/limits.js'
import { turns } from './clock.js'
import type { Member } from './fleet-world.js'
import { answered, FleetOfWorlds, two } from './fleet-world.js'

/*
 * Control planes over one store, with Envoys of their own: when a change is answered, and what becomes of Envoys when one of
 * them loses its place. The rules of the protocol are tried by its simulator; this is what they are built into.
 */

const [OLD, NEW] = ['127.0.0.1:1', '127.0.0.1:2']

t.test('a change is answered once the Envoys of all control planes have it', async (t) => {
  const [fleet, one, other] = await two(t)
  await fleet.envoy(one)
  const far = await fleet.envoy(other)
  far.answers = false
  const call = one.world.post('/a', `http://${OLD}`)
  await fleet.clock.pass(500)
  t.equal(call.answer, undefined, 'it waits for the Envoy of the other one')
  far.answers = true
  far.answerAll()
  await fleet.passUntil(() => call.answer !== undefined, 'it is answered')
  t.equal(call.answer?.status, 201)
  t.equal(far.target('/a'), OLD)

  const removed = await answered(fleet, other.world.delete('/a'))
  t.strictSame([removed.status, far.target('/a')], [204, undefined])
  t.equal(await one.world.get('/a'), undefined, 'at every control plane')
})

t.test('two that change one route at once do not wait for each other', async (t) => {
  const [fleet, one, other] = await two(t)
  const envoys = [await fleet.envoy(one), await fleet.envoy(other)]
  const calls = [one.world.post('/a', `http://${OLD}`), other.world.post('/a', `http://${NEW}`)]
  const ms = await fleet.passUntil(() => calls.every(({ answer }) => answer !== undefined), 'both are answered')
  t.strictSame(
    calls.map(({ answer }) => answer?.status),
    [201, 201],
  )
  t.ok(ms < 500, `after ${ms} ms`)
  const [target] = [...fleet.shared.routes.values()].map(({ data }) => data.target)
  t.strictSame(
    envoys.map((envoy) => `http://${envoy.target('/a')}`),
    [target, target],
  )
})

t.test('an Envoy that hangs at another control plane is cut off, and costs one call some seconds', async (t) => {
  const [fleet, one, other] = await two(t)
  const far = await fleet.envoy(other)
  far.answers = false
  const call = one.world.post('/a', `http://${OLD}`)
  const ms = await fleet.passUntil(() => call.answer !== undefined, 'it is answered')
  t.equal(call.answer?.status, 201)
  t.ok(ms >= 1_000 && ms <= 3_500, `after ${ms} ms`)
  t.equal(far.stream, undefined, 'it was cut off by its own control plane')
  t.equal((await answered(fleet, one.world.post('/b', `http://${OLD}`))).status, 201)
})

t.test(
  'a control plane that is cut off from the others is fenced, and its Envoys are right before the answer',
  async (t) => {
    const [fleet, one, other] = await two(t)
    const near = await fleet.envoy(one)
    const far = await fleet.envoy(other)
    fleet.cutOff(other)
    const call = one.world.post('/a', `http://${OLD}`)
    const ms = await fleet.passUntil(() => call.answer !== undefined, 'it is answered')
    t.equal(call.answer?.status, 201)
    t.ok(ms <= 2_500, `after ${ms} ms`)
    t.strictSame([near.target('/a'), far.target('/a')], [OLD, OLD], 'at the Envoy that has moved, too')
    t.equal(one.standing, 'in')
    t.not(other.standing, 'in')
    const refused = await answered(fleet, other.world.post('/b', `http://${OLD}`))
    t.equal(refused.status, 503)
    t.match(refused.body, /this control plane/)
    t.equal((await other.world.ask('GET', '/readyz')).status, 503)
    t.strictSame((await other.world.ask('GET', '/livez')).status, 200)

    fleet.mend(other)
    await fleet.passUntil(() => other.standing === 'in', 'it joins again')
    t.match(await other.world.get('/a'), { target: `http://${OLD}` }, 'with what it has missed')
    t.equal((await answered(fleet, other.world.post('/b', `http://${NEW}`))).status, 201)
    t.equal((await other.world.ask('GET', '/readyz')).status, 200)
  },
)

t.test('each knows who is there, and who was fenced and why', async (t) => {
  const [fleet, one, other] = await two(t)
  await fleet.envoy(other, 'far')
  await answered(fleet, one.world.post('/a', `http://${OLD}`))
  const [own, peer] = one.store.view([]).members
  t.match(own, { self: true, standing: 'in', address: 'm1:1', envoys: [] })
  t.match(peer, { self: false, standing: 'in', address: 'm2:1', envoys: ['far'], fenced: false })
  t.equal(own?.acknowledged, one.store.view([]).revision)
  t.match(one.store.figures, { isIn: true, members: 2, fenced: 0, lost: 0 })

  t.strictSame(
    one.store.view([]).members.map((member) => (member.lease_renewed_seconds_ago ?? 99) <= 3),
    [true, true],
    'each renews its lease',
  )

  fleet.cutOff(other)
  await fleet.clock.pass(500)
  const [, unheard] = one.store.view([]).members
  t.ok((unheard?.lease_renewed_seconds_ago ?? 0) >= (unheard?.heard_seconds_ago ?? 99), 'as it said last')
  await answered(fleet, one.world.post('/b', `http://${OLD}`))
  t.match(one.store.view([]).fenced, [
    { address: 'm2:1', self: false, why: /a change waited for it; it was last heard/ },
  ])
  t.match(one.store.figures, { members: 1, fenced: 1 })
  await fleet.passUntil(() => other.store.figures.lost === 1, 'the other one knows')
  t.match(other.store.view([]).fenced, [{ address: 'm2:1', self: true }])
  t.match(asText(one.store.view([])), /Have lost their place lately:\n.*m2:1: a change waited for it/)
})

t.test('a control plane that ends hands its Envoys over, which are sent only what differs', async (t) => {
  const [fleet, one, other] = await two(t)
  const envoy = await fleet.envoy(other)
  for (const name of ['/a', '/b', '/c']) await answered(fleet, one.world.post(name, `http://${OLD}`))
  other.store.place.beginLeaving()
  t.equal((await other.world.post('/d', `http://${OLD}`).answered).status, 503, 'it takes no calls')
  const left = other.store.leave()
  await fleet.passUntil(() => envoy.stream !== undefined && one.envoys.has(envoy), 'its Envoy is at the other one')
  await left
  await turns()
  const sent = envoy.received.flatMap(({ resources }) => resources?.map(({ name }) => name) ?? [])
  t.strictSame(sent, [], 'it has everything')
  const call = one.world.post('/a', `http://${NEW}`)
  const ms = await fleet.passUntil(() => call.answer !== undefined, 'it is answered')
  t.strictSame([call.answer?.status, envoy.target('/a')], [201, NEW])
  t.ok(ms < 200, `and nobody waits for the one that has left: ${ms} ms`)
})

t.test('the store is away: reads are answered, writes are refused, and afterwards all is right', async (t) => {
  const [fleet, one, other] = await two(t)
  const envoys = [await fleet.envoy(one), await fleet.envoy(other)]
  await answered(fleet, one.world.post('/a', `http://${OLD}`))
  fleet.shared.isAway = true
  for (let second = 0; second < 60; second += 5) {
    await fleet.clock.pass(5_000)
    const call = one.world.post('/b', `http://${OLD}`)
    await fleet.passUntil(() => call.answer !== undefined, 'it is answered', 2_000)
    t.equal(call.answer?.status, 503)
    t.match(await other.world.get('/a'), { target: `http://${OLD}` })
    t.strictSame(
      envoys.map((envoy) => envoy.target('/a')),
      [OLD, OLD],
      'Envoys have what they had',
    )
  }
  fleet.shared.isAway = false
  const ms = await fleet.passUntil(() => one.standing === 'in' && other.standing === 'in', 'they are in their places')
  t.ok(ms <= 5_000, `after ${ms} ms`)
  t.equal((await answered(fleet, other.world.post('/b', `http://${NEW}`))).status, 201)
  t.strictSame(
    envoys.map((envoy) => envoy.target('/b')),
    [NEW, NEW],
  )
})

t.test('while the store is away, whoever can show the routes is ready, so that calls are answered', async (t) => {
  const [fleet, one, other] = await two(t)
  const envoy = await fleet.envoy(other)
  await answered(fleet, one.world.post('/a', `http://${OLD}`))
  fleet.shared.isAway = true
  for (let second = 0; second < 60; second += 1) {
    await fleet.clock.pass(1_000)
    const ready = await Promise.all([one, other].map((member) => isReady(member)))
    // By turns they lose their places; then calls are for the one that has it.
    t.ok(ready.includes(true), `after ${second + 1} s one is ready`)
    if (second >= 9) t.strictSame(ready, [true, true], 'none has its place, and each is as good as the other')
  }
  t.strictSame([one.standing, other.standing], ['joining', 'joining'])
  const refused = await answered(fleet, one.world.post('/b', `http://${OLD}`))
  t.equal(refused.status, 503)

  await fleet.kill(other)
  await fleet.clock.pass(5_000)
  t.ok(await isReady(one), 'also if the other one ends meanwhile')
  t.match(await one.world.get('/a'), { target: `http://${OLD}` })
  t.equal(envoy.target('/a'), OLD)
})

t.test('one that ends while the store is away leaves the other one ready', async (t) => {
  const [fleet, one, other] = await two(t)
  fleet.shared.isAway = true
  await fleet.kill(other)
  await fleet.passUntil(() => one.standing === 'joining', 'nobody confirms its place')
  t.ok(await isReady(one))
  fleet.shared.isAway = false
  const ms = await fleet.passUntil(() => one.standing === 'in', 'it is in its place')
  t.ok(ms < 2_000, `it does not wait for the lease of the other one to end: ${ms} ms`)
  t.match(one.store.view([]).fenced, [{ address: 'm2:1', why: /it has ended/ }])
})

t.test('a control plane over a store that is away is ready if there is no other', async (t) => {
  const fleet = await FleetOfWorlds.start(t, 1)
  const [one] = fleet.members as [Member]
  fleet.shared.isAway = true
  await fleet.clock.pass(20_000)
  t.equal(one.standing, 'joining')
  t.ok(await isReady(one))
})

t.test(
  'what the store does not do is logged once, again when there is another reason, and every five minutes',
  async (t) => {
    const fleet = await FleetOfWorlds.start(t, 1)
    const [one] = fleet.members as [Member]
    let seen = 0
    const logged = () => {
      const lines = one.world.log.slice(seen)
      seen += lines.length
      return lines.filter((line) => /can't|answers again/.test(line))
    }
    fleet.shared.unreadable = 'its routes are gone'
    fleet.shared.endLease('m1:1')
    await fleet.passUntil(() => one.standing === 'joining', 'it joins again, but has no routes')
    await fleet.clock.pass(10_000)
    t.strictSame(logged(), ["warn: This control plane can't read the routes, will retry: its routes are gone"])
    fleet.shared.unreadable = 'they are still gone'
    await fleet.clock.pass(10_000)
    t.strictSame(logged(), ["warn: This control plane can't read the routes, will retry: they are still gone"])
    await fleet.clock.pass(5 * 60_000)
    t.strictSame(logged(), ["warn: This control plane can't read the routes, will retry: they are still gone"])
    fleet.shared.unreadable = undefined
    await fleet.passUntil(() => one.standing === 'in', 'it is in its place')
    t.strictSame(logged(), ['info: The store of the routes answers again'])
  },
)

t.test('a registration whose answer was lost is nobody, and keeps nobody waiting', async (t) => {
  const [fleet, one, other] = await two(t)
  fleet.shared.losesRegistration = true
  fleet.shared.endLease('m2:1')
  await fleet.passUntil(() => other.standing === 'out', 'it knows that it is no member any more')
  const ms = await fleet.passUntil(() => other.standing === 'in', 'it is in its place again')
  t.ok(ms < 2_000, `it does not wait until the lease of that one ends: ${ms} ms`)
  t.strictSame(fleet.shared.addresses, ['m1:1', 'm2:1'])
  for (const { world } of [one, other]) t.notOk(world.log.some((line) => /same address/.test(line)))
})

t.test('members that have the same routes are shown so, though each has read them at another revision', async (t) => {
  const [fleet, one] = await two(t)
  const acknowledged = () => {
    const { revision, members } = one.store.view([])
    return members.map((member) => (member.acknowledged === revision ? 'all' : member.acknowledged))
  }
  t.strictSame(acknowledged(), ['all', 'all'], 'without a write since')
  await answered(fleet, one.world.post('/a', `http://${OLD}`))
  await fleet.add()
  await fleet.clock.pass(LIMITS.heartbeat)
  t.strictSame(acknowledged(), ['all', 'all', 'all'], 'with one that has come since')
})

async function isReady({ world }: Member): Promise<boolean> {
  return (await world.ask('GET', '/readyz')).status === 200
}

t.test(
  'the first control plane of all answers at once; one that is restarted waits for Envoys of before',
  async (t) => {
    const fleet = new FleetOfWorlds(t)
    fleet.shared.isFirst = true
    const first = await fleet.add()
    const call = first.world.post('/a', `http://${OLD}`)
    t.ok((await fleet.passUntil(() => call.answer !== undefined, 'it is answered')) < 200)
    await fleet.kill(first)
    const next = await fleet.add()
    const again = next.world.post('/a', `http://${NEW}`)
    const ms = await fleet.passUntil(() => again.answer !== undefined, 'it is answered')
    t.ok(ms > 1_500 && ms <= 2_000, `after ${ms} ms`)
  },
)

t.test(
  'whoever learns by a write that it is no member any more gives no answer for others, and joins again',
  async (t) => {
    for (const change of ['POST', 'DELETE'] as const) {
      const [fleet, one, other] = await two(t)
      await answered(fleet, other.world.post('/b', `http://${OLD}`))
      fleet.shared.endLease('m1:1')
      const call = change === 'POST' ? one.world.post('/a', `http://${OLD}`) : one.world.delete('/none')
      await turns()
      t.equal(call.answer?.status, 503, 'at once: it may not know all that have joined since')
      t.match(call.answer?.body, /repeat the call/)
      t.equal(one.store.figures.lost, 1)
      await fleet.passUntil(() => one.standing === 'in', 'it joins again')
      t.equal((await answered(fleet, one.world.post('/a', `http://${NEW}`))).status, 201)
    }
  },
)

t.test(
  'a control plane is not in its place before the table has the routes, however often they are read',
  async (t) => {
    const [fleet, one, other] = await two(t)
    let goOn = () => {}
    fleet.shared.reading = new Promise((resolve) => {
      goOn = resolve
    })
    const starting = fleet.begin()
    await fleet.clock.pass(500)
    fleet.cutOff(other)
    await other.store.close()
    t.equal((await answered(fleet, one.world.post('/a', `http://${OLD}`))).status, 201, 'the other one is fenced')
    await fleet.clock.pass(1_000)
    t.match(one.store.view([]).members, [{ standing: 'in' }, { address: 'm3:1', standing: 'joining' }])
    goOn()
    const third = await starting
    await fleet.passUntil(() => third.standing === 'in', 'it is in its place')
    t.match(await third.world.get('/a'), { target: `http://${OLD}` })
  },
)

t.test('only who has been fenced is counted as such', async (t) => {
  const [fleet, one, other] = await two(t)
  fleet.shared.fencesNobody = true
  fleet.cutOff(other)
  t.equal((await answered(fleet, one.world.post('/a', `http://${OLD}`))).status, 503)
  t.strictSame([one.store.figures.fenced, one.store.view([]).fenced], [0, []])
  t.equal(one.world.log.filter((line) => /can't be fenced, will retry: it can not be deleted/.test(line)).length, 1)
  fleet.shared.fencesNobody = false
  t.equal((await answered(fleet, one.world.post('/a', `http://${OLD}`))).status, 201)
  t.equal(one.store.figures.fenced, 1)
})

t.test('a control plane that ends while it registers once more is registered no longer', async (t) => {
  const [fleet, one, other] = await two(t)
  let goOn = () => {}
  fleet.shared.registering = new Promise((resolve) => {
    goOn = resolve
  })
  fleet.cutOff(other)
  await answered(fleet, one.world.post('/a', `http://${OLD}`))
  await fleet.passUntil(() => other.standing === 'out', 'it knows that it is fenced')
  other.store.place.beginLeaving()
  const left = other.store.leave()
  goOn()
  await left
  await fleet.clock.pass(1_000)
  t.strictSame(fleet.shared.addresses, ['m1:1'])
})

for (const [when, isNew] of [['that was there', false] as const, ['that has just started', true] as const]) {
  t.test(`an Envoy that has applied a part of a response takes what is known of that to one ${when}`, async (t) => {
    const fleet = await FleetOfWorlds.start(t, isNew ? 1 : 2)
    const [one] = fleet.members as [Member]
    const envoy = await fleet.envoy(one)
    envoy.refuses = (name) => (name === 'r:/bad' ? 'not this' : undefined)
    envoy.answers = false
    const routes = ['/a', '/b', '/c', '/d', '/e', '/bad']
    for (const route of routes) one.world.post(route, `http://${OLD}`)
    await turns()
    while (envoy.refusals === 0 && envoy.answer()) await turns()
    t.ok(routes.some((route) => envoy.target(route) !== undefined))
    await turns()
    const other = isNew ? await fleet.add() : (fleet.members[1] as Member)
    // None of it gets stored.
    fleet.shared.isAway = true
    envoy.answers = true
    one.envoys.delete(envoy)
    envoy.disconnect()
    other.take(envoy)
    await turns()
    t.equal(fleet.shared.routes.size, 0)
    t.strictSame(
      routes.filter((route) => envoy.target(route) !== undefined),
      [],
    )
  })
}
