import t from 'tap'
import { ask } from '../support/http.js'
import { endProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import { ObedientServer } from './server.js'
import { add, allCounted, lastActivity, untilActive } from './watch.js'

const server = await ObedientServer.start()
const proxy = await ProxyProcess.start()
t.teardown(async () => {
  await proxy.stop()
  await server.stop()
})

/** Pieces that statistics' names, labels or JSON could mangle or confuse, two by two. */
const PIECES = [
  ':',
  '_',
  '.',
  '%',
  ' ',
  '"',
  "'",
  '\\',
  '@',
  '~',
  '秀樹',
  'é',
  '🦄',
  'r:',
  '.route.',
  ';',
  ',',
  '=',
  '|',
  '{}',
]
const odd = PIECES.flatMap((left) => PIECES.filter((right) => right > left).map((right) => `/a${left}b${right}c`))
const escaped = (routespec: string) => routespec.split('/').map(encodeURIComponent).join('/')

t.test('of routes with odd names exactly those that were used are active, whatever paths pretend', async (t) => {
  t.ok(odd.length > 180)
  const keys = [...odd, ...odd.map((key) => `${key}/d`), '/__proto__', '/-']
  for (const key of keys) await add(proxy, escaped(key), server.url)
  const before = await lastActivity(proxy)
  t.strictSame([...before.keys()].sort(), [...keys].sort())
  const used = keys.filter((_key, index) => index % 3 === 0)
  for (const [index, key] of used.entries()) {
    const other = keys[index * 3 + 1] ?? ''
    const pretended = `r:${escaped(other)}`
    const path = `${escaped(key)}/${pretended}?route=${pretended}`
    const { status } = await ask(proxy.port, path, { headers: { 'x-route': pretended } })
    t.equal(status, 200, key)
  }
  await untilActive(proxy, used, before)
  await allCounted(proxy, server.url)
  const after = await lastActivity(proxy)
  t.strictSame(
    keys.filter((key) => (after.get(key) ?? '') > (before.get(key) ?? '')),
    used,
  )
})

t.test('an Envoy that is killed and started again goes on counting', async (t) => {
  const pid = await proxy.envoyPid()
  const before = await lastActivity(proxy)
  await endProcess(pid)
  await eventually(
    async () =>
      (await proxy.envoyPid()) !== pid &&
      (await ask(proxy.port, escaped(odd[1] ?? '')).then(
        ({ status }) => status === 200,
        () => false,
      )),
    'another Envoy serves',
  )
  await untilActive(proxy, [odd[1] ?? ''], before)
  t.equal((await lastActivity(proxy)).get(odd[2] ?? ''), before.get(odd[2] ?? ''), 'and nothing else is active')
})
