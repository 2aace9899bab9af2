import { pino } from 'pino'
import t from 'tap'
import { persistActivity } from '../../src/activity/persist.js'
import { LIMITS } from '../../src/fleet/protocol/limits.js'
import type { Member } from './fleet-world.js'
import { FleetOfWorlds } from './fleet-world.js'

/*
 * Three control planes, whose Envoys report routes in use. The report itself is made here as the server for reports makes
 * it of what an Envoy sends; test/fleet has real Envoys.
 */

const LONG_AGO = new Date('2026-01-02T03:04:05.678Z')
const KEYS = ['/a', '/b', '/c', '/unused']
const MINUTE_MS = 60_000
/** By then all know that a route was in use. */
const KNOWN_MS = 5_000

async function three(t: { teardown(fn: () => unknown): unknown }): Promise<[FleetOfWorlds, Member, Member, Member]> {
  const fleet = new FleetOfWorlds(t)
  for (const routespec of KEYS) {
    fleet.shared.routes.set(routespec, { routespec, data: { target: 'http://127.0.0.1:1' }, lastActivity: LONG_AGO })
  }
  for (let count = 0; count < 3; count += 1) await fleet.add()
  await fleet.clock.pass(LIMITS.move)
  return [fleet, ...(fleet.members as [Member, Member, Member])]
}

/** An Envoy of this member reports that a route is in use. */
function use(member: Member, key: string): void {
  member.world.core.table.touch(key, new Date())
  member.activity.active([key])
}

/** When each route was last in use, as the REST API tells. */
async function told({ world }: Member): Promise<Map<string, number>> {
  const { body } = await world.call('GET', '').answered
  const routes = JSON.parse(body) as Record<string, { readonly last_activity: string }>
  return new Map(Object.entries(routes).map(([key, route]) => [key, Date.parse(route.last_activity)]))
}

/** Which routes have been in use, as each member tells. */
async function known(fleet: FleetOfWorlds): Promise<string[][]> {
  const all = await Promise.all(fleet.members.map(told))
  return all.map((times) => KEYS.filter((key) => (times.get(key) ?? 0) > LONG_AGO.getTime()))
}

/** Has a member store activity every minute, as the proxy does, until it is killed. */
function persist(fleet: FleetOfWorlds, member: Member): { kill: () => Promise<void> } {
  let isAlive = true
  const { table } = member.world.core
  persistActivity({
    store: async (since) => {
      if (isAlive) await table.storeActivity(since)
    },
    ...{ everyMs: MINUTE_MS, log: pino({ level: 'silent' }), clock: fleet.clock },
  })
  return {
    kill: async () => {
      isAlive = false
      await fleet.kill(member)
    },
  }
}

t.test('when a route was in use is known to each control plane within 5 s, whichever its Envoy is at', async (t) => {
  const [fleet, one, two, last] = await three(t)
  for (const [member, key] of [[one, '/a'] as const, [two, '/b'] as const, [last, '/c'] as const]) use(member, key)
  const own = await told(two)
  t.ok((own.get('/b') ?? 0) > LONG_AGO.getTime(), 'at once where it was reported')
  await fleet.clock.pass(KNOWN_MS)
  const used = ['/a', '/b', '/c']
  t.strictSame(await known(fleet), [used, used, used])
  const times = await Promise.all(fleet.members.map(told))
  for (const key of used) {
    const each = times.map((time) => time.get(key) ?? 0)
    t.ok(Math.max(...each) - Math.min(...each) <= KNOWN_MS, `${key} is the same at each`)
  }

  await fleet.add()
  await fleet.clock.pass(KNOWN_MS)
  t.strictSame((await known(fleet))[3], used, 'one that starts is told what it has missed')
})

t.test('activity is stored once a minute by the oldest, and by the next when that one has ended', async (t) => {
  const [fleet, one, two, last] = await three(t)
  const stored = fleet.shared.storedActivity
  const lives = [one, two, last].map((member) => persist(fleet, member))
  use(one, '/a')
  // Just before the minute ends: the oldest hears of it when it has stored those of before.
  await fleet.clock.pass(MINUTE_MS - 1_000)
  use(last, '/b')
  await fleet.clock.pass(1_000)
  t.strictSame(stored.splice(0), [{ store: 0, keys: ['/a'] }])
  await fleet.clock.pass(MINUTE_MS)
  t.match(stored, [{ store: 0 }])
  t.ok(stored.splice(0)[0]?.keys.includes('/b'), 'what was told late is stored, too')

  use(two, '/c')
  await fleet.clock.pass(KNOWN_MS)
  one.store.place.beginLeaving()
  await one.store.leave()
  await lives[0]?.kill()
  await fleet.clock.pass(MINUTE_MS)
  t.match(stored, [{ store: 1 }], 'one has ended in order')
  t.ok(stored.splice(0)[0]?.keys.includes('/c'))

  await lives[1]?.kill()
  use(last, '/unused')
  await fleet.clock.pass(2 * MINUTE_MS)
  t.ok(stored.length > 0, 'one was killed')
  t.strictSame([...new Set(stored.map(({ store }) => store))], [2])
  t.ok(stored.some(({ keys }) => keys.includes('/unused')))
})
