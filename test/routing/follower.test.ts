import t from 'tap'
import { Turns } from '../../src/platform/turns.js'
import { Follower } from '../../src/routing/follower.js'
import type { Route } from '../../src/routing/route.js'
import { Routes } from '../../src/routing/routes.js'

const [OLD, NEW, NEWEST] = ['http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://127.0.0.1:3']

function route(routespec: string, target: string): Route {
  return { routespec, data: { target }, lastActivity: new Date(0) }
}

t.test('events that come while a list is applied, or just when it is, are applied in their order', async (t) => {
  const routes = new Routes()
  const publisher = {
    prepare: async () => {},
    publish: async () => async () => {},
    withdraw: async () => async () => {},
    settle: async () => {},
    refusals: () => new Map(),
    refusalOf: () => undefined,
  }
  const follower = new Follower({
    ...{ routes, turns: new Turns(), publisher },
    keyOf: ({ routespec }) => routespec,
    publicationOf: () => undefined,
  })
  const list = Array.from({ length: 1_000 }, (_, index) => route(`/user/${index}`, OLD))
  const listed = follower.apply({ revision: 1n, routes: list })
  const first = follower.apply({ revision: 2n, key: '/user/0', route: route('/user/0', NEW) })
  const second = listed.then(() => follower.apply({ revision: 3n, key: '/user/0', route: route('/user/0', NEWEST) }))
  await Promise.all([listed, first, second])
  t.equal(routes.get('/user/0')?.data.target, NEWEST)
  t.equal(routes.get('/user/999')?.data.target, OLD)
})
