import t from 'tap'
import { turns } from './clock.js'
import { startTwo } from './two-worlds.js'
import { until } from './world.js'

/*
 * What becomes of all routes at once, where a shared store can't tell of single changes.
 */

const [OLD, NEW] = ['127.0.0.1:1', '127.0.0.1:2']

t.test('after writes that nobody was told of one by one, all that there is counts', async (t) => {
  const [shared, one, other] = await startTwo(t)
  for (const name of ['/gone', '/moved', '/same']) await one.world.post(name, `http://${OLD}`).answered
  await turns()
  shared.holds = true
  await one.world.delete('/gone').answered
  await one.world.post('/moved', `http://${NEW}`).answered
  await one.world.post('/new', `http://${NEW}`).answered
  const sent = other.envoy.received.length
  shared.compact()
  await turns()
  for (const { world, envoy } of [one, other]) {
    t.strictSame(
      ['/gone', '/moved', '/same', '/new'].map((name) => envoy.target(name)),
      [undefined, NEW, OLD, NEW],
    )
    t.equal(world.core.table.size, 3)
  }
  const names = other.envoy.received.slice(sent).flatMap(({ resources }) => resources?.map(({ name }) => name) ?? [])
  t.strictSame(names.sort(), ['r:/moved', 'r:/new'], 'what is the same is not sent again')
})

t.test('a long list is applied little by little, and what is newer comes after it', async (t) => {
  const [shared, one, other] = await startTwo(t)
  const names = Array.from({ length: 6_000 }, (_, index) => `/user/${index}`)
  const [last = ''] = names.slice(-1)
  for (const routespec of names) {
    shared.routes.set(routespec, { routespec, data: { target: `http://${OLD}` }, lastActivity: new Date(0) })
  }
  shared.compact()
  const change = other.world.post(last, `http://${NEW}`)
  const { table } = one.world.core
  let [most, before] = [0, 0]
  while (table.size < names.length) {
    await turns(1)
    most = Math.max(most, table.size - before)
    before = table.size
  }
  t.ok(most < names.length / 10, `${most} routes in one turn of the event loop`)
  t.equal((await change.answered).status, 201)
  await until(() => shared.applied.length === 4, 'both have applied both')
  t.strictSame([one.envoy.target(last), other.envoy.target(last)], [NEW, NEW])
  t.equal(one.envoy.target('/user/0'), OLD)
})

t.test('what a store that was set back no longer has is gone here, too', async (t) => {
  const [shared, one] = await startTwo(t)
  await one.world.post('/a', `http://${OLD}`).answered
  const restore = shared.backUp()
  for (const name of ['/b', '/c']) await one.world.post(name, `http://${OLD}`).answered
  shared.holds = true
  await one.world.post('/a', `http://${NEW}`).answered
  restore()
  await turns()
  t.strictSame([one.envoy.target('/a'), one.envoy.target('/b')], [OLD, undefined])
})
