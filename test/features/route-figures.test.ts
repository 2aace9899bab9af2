import t from 'tap'
import { RoutesInUse } from '../../src/control-plane/route-figures.js'
import { counter } from '../support/report.js'
import { World } from './world.js'

const answered = (route: string, value: number) => counter('activity.answered', value, { route })
const failed = (route: string, value: number) => counter('failures.by_route', value, { route, reason: 'unreachable' })

t.test('what Envoys report of single routes is added up, until they are deleted', async (t) => {
  const world = await World.start(t)
  await world.envoy()
  for (const path of ['/a', '/b']) await world.post(path, 'http://10.0.0.1:80').answered
  const { table } = world.core
  const routes = new RoutesInUse({ table, hostRouting: false, recents: world.recents })
  const sums = () =>
    Object.fromEntries(routes.figures().map(({ routespec, answers, failed }) => [routespec, [answers, failed]]))
  routes.reported([answered('r:/a', 2), failed('r:/a', 1), answered('', 9), answered('r:/gone', 5)])
  routes.reported([answered('r:/a', 1), answered('r:/b', 0)])
  t.strictSame(sums(), { '/a': [3, 1], '/b': [0, 0] })
  await world.delete('/a').answered
  t.strictSame(sums(), { '/b': [0, 0] })
  await world.post('/a', 'http://10.0.0.1:80').answered
  t.strictSame(sums(), { '/a': [0, 0], '/b': [0, 0] }, 'another route with that name')
})
