import t from 'tap'
import { ChpProcess } from '../support/chp.js'
import { ProxyProcess } from '../support/proxy.js'
import { DEAD_DEEDS, DEEDS, deadTarget } from './deeds.js'
import { ObedientServer } from './server.js'
import type { Watched } from './watch.js'
import { add, allCounted, firstReport, lastActivity, untilActive } from './watch.js'

const server = await ObedientServer.start()
const nowhere = await deadTarget()
t.teardown(() => server.stop())

const routes = [
  ...Object.entries(DEEDS).map(([name, deed]) => ({ name, ...deed, target: server.url })),
  ...Object.entries(DEAD_DEEDS).map(([name, deed]) => ({ name, ...deed, target: nowhere })),
].map((route, index) => ({ ...route, key: `/route${index}` }))

/** Does every deed, each with a route of its own, and says which routes were active then. */
async function activeIn(proxy: Watched): Promise<string[]> {
  await firstReport(proxy, server.url)
  for (const { key, target } of routes) await add(proxy, key, target)
  const before = await lastActivity(proxy)
  const ends = await Promise.all(routes.map(({ deed, key }) => deed(proxy.port, key)))
  const expected = routes.filter(({ counts }) => counts).map(({ key }) => key)
  await untilActive(proxy, expected, before)
  await allCounted(proxy, server.url)
  const after = await lastActivity(proxy)
  for (const end of ends) end?.()
  return routes.filter(({ key }) => (after.get(key) ?? '') > (before.get(key) ?? '')).map(({ name }) => name)
}

const expected = routes.filter(({ counts }) => counts).map(({ name }) => name)

t.test('CHP counts these as activity', async (t) => {
  const chp = await ChpProcess.start()
  t.teardown(() => chp.stop())
  t.strictSame(await activeIn(chp), expected)
})

t.test('the same counts here', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  t.strictSame(await activeIn(proxy), expected)
})
