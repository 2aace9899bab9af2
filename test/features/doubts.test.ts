import t from 'tap'
import { ANY_ENVOYS } from '../../src/xds/wait-policy.js'
import { SharedRoutes } from '../support/shared-store.js'
import { turns } from './clock.js'
import { World } from './world.js'

/*
 * Envoy applies a part of a response that it rejects, and doesn't say which when it connects to another control plane.
 */

const ROUTES = ['/a', '/b', '/c', '/d', '/e', '/bad']

/** Two control planes; the Envoy of the first has rejected a response with several routes, and uses most of it. */
async function partlyRejected(t: { teardown(fn: () => unknown): unknown }) {
  const shared = new SharedRoutes()
  const start = () => World.start(t, { openStore: () => shared.open(), waitPolicy: ANY_ENVOYS })
  const [one, other] = [await start(), await start()]
  const envoy = await one.envoy()
  envoy.refuses = (name) => (name === 'r:/bad' ? 'not this' : undefined)
  envoy.answers = false
  for (const route of ROUTES) one.post(route, 'http://127.0.0.1:1')
  await turns()
  let told: readonly string[] = []
  one.core.clusters.subscriptions.doubts.watch((_node, names) => {
    told = names
  })
  while (envoy.refusals === 0 && envoy.answer()) await turns()
  /** It goes to the other one, where none of this is known, since none of it was stored. */
  const move = async () => {
    envoy.moveTo(other.core.collections)
    envoy.disconnect()
    envoy.answers = true
    envoy.connect()
    await turns()
  }
  const used = () => ROUTES.filter((route) => envoy.target(route) !== undefined)
  return { envoy, doubts: other.core.clusters.subscriptions.doubts, told, move, used }
}

t.test('an Envoy that moves after it applied a part of a response loses it at the other control plane', async (t) => {
  const { envoy, doubts, told, move, used } = await partlyRejected(t)
  t.ok(told.length > 1, 'the names of the response are told')
  t.ok(used().length > 0)
  let left: readonly string[] = told
  doubts.watch((_node, names) => {
    left = names
  })
  doubts.learn(envoy.node, told)
  t.strictSame([...doubts.all()], [[envoy.node, told]])
  await move()
  t.strictSame(used(), [])
  t.strictSame(left, [], 'which is told in turn')
  t.strictSame([...doubts.all()], [])
})

t.test('the names may come after the Envoy', async (t) => {
  const { envoy, doubts, told, move, used } = await partlyRejected(t)
  await move()
  t.ok(used().length > 0, 'it has not said that it has them')
  doubts.learn(envoy.node, told)
  await turns()
  t.strictSame(used(), [])
})

t.test('names that were confirmed elsewhere are forgotten', async (t) => {
  const { envoy, doubts, told } = await partlyRejected(t)
  doubts.learn(envoy.node, told)
  doubts.learn(envoy.node, [])
  t.strictSame([...doubts.all()], [])
})
