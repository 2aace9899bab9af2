// 2024: with some hundreds of users the proxy's sockets and heap grew from hour to hour until it was killed, or it died
// of `write EPIPE`.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { WebSocket } from 'ws'
import { effort } from '../support/effort.js'
import { seededRandom } from '../support/random.js'
import { eventually } from '../support/wait.js'
import type { Figures } from './figures.js'
import { printFigures, tally } from './figures.js'
import { IncidentHub } from './hub.js'
import type { IncidentProxy } from './proxies.js'
import { contenders, OWN_NAME } from './proxies.js'
import type { Usage } from './resources.js'
import { slope, usageOf } from './resources.js'
import { startNotebooks, Visitor } from './visits.js'

const USERS = 300
/** Of time as the incident counts it: in an hour each user comes once and does what takes an hour of clicking. */
const HOURS = effort('CEP_INCIDENT_HOURS')
const WARM_UP_HOURS = 1
const AT_A_TIME = 30
/** Longer than any of the proxies, and Node.js as their backend, keeps an idle connection: 4 and 5 s. */
const KEPT_MS = 6_000

const routespecs = Array.from({ length: USERS }, (_, index) => `/user/user-${index}`)

/** What is left when all visitors have gone, hour by hour, the warm-up first. */
interface Replay {
  readonly usage: readonly Usage[]
  readonly failures: readonly string[]
  readonly lostWebsockets: number
}

async function replay(proxy: IncidentProxy, target: string): Promise<Replay> {
  await proxy.start()
  const hub = new IncidentHub(proxy.apiPort, target, routespecs)
  const idle: WebSocket[] = []
  try {
    await hub.populate()
    let lostWebsockets = 0
    for (const routespec of routespecs) {
      const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}${routespec}/api/kernels/idle/channels`)
      await once(socket, 'open')
      socket.on('close', () => {
        lostWebsockets += 1
      })
      idle.push(socket)
    }
    const visitor = new Visitor(proxy.port, hub, seededRandom(1))
    const usage: Usage[] = []
    for (let hour = 0; hour < WARM_UP_HOURS + HOURS; hour += 1) {
      const left = routespecs.values()
      const work = async () => {
        for (const routespec of left) await visitor.visit(routespec)
      }
      await Promise.all(Array.from({ length: AT_A_TIME }, work))
      usage.push(await settledUsage(proxy))
    }
    return { usage, failures: visitor.failures, lostWebsockets }
  } finally {
    for (const socket of idle) socket.removeAllListeners('close').terminate()
    await hub.close()
    await proxy.stop()
  }
}

/** What it uses once connections that are kept for a moment have been closed, and so their number falls no more. */
async function settledUsage(proxy: IncidentProxy): Promise<Usage> {
  let usage = await usageOf(proxy)
  let fewest = usage.sockets
  let fewestSince = performance.now()
  await eventually(
    async () => {
      if (performance.now() - fewestSince > KEPT_MS) return true
      await delay(500)
      usage = await usageOf(proxy)
      if (usage.sockets < fewest) {
        fewest = usage.sockets
        fewestSince = performance.now()
      }
      return false
    },
    'the number of sockets falls no more',
    60_000,
  )
  return usage
}

function figures({ usage, failures, lostWebsockets }: Replay): Figures {
  const counted = usage.slice(WARM_UP_HOURS - 1)
  const [first, last] = [counted[0], counted.at(-1)]
  if (first === undefined || last === undefined) return {}
  const growth = (of: keyof Usage) => `${slope(counted.map((one) => one[of])).toFixed(2)} an hour`
  const change = (of: keyof Usage) => `${first[of].toFixed(0)} -> ${last[of].toFixed(0)}`
  return {
    'memory of all processes, MB': change('rss'),
    '  slope ': growth('rss'),
    'heap of Node.js, MB': change('heap'),
    '  slope  ': growth('heap'),
    'open sockets': change('sockets'),
    '  slope   ': growth('sockets'),
    'failed requests': tally(failures),
    'idle websockets lost': lostWebsockets,
  }
}

t.test('2024: notebooks, uploads, abrupt ends and changing routes, hour after hour', async (t) => {
  const backend = await startNotebooks()
  t.teardown(() => backend.stop())
  const results = new Map<string, Replay>()
  const withChp = effort('CEP_INCIDENT_CHP') > 0
  const proxies = (await contenders()).filter(({ name }) => withChp || name === OWN_NAME)
  for (const proxy of proxies) results.set(proxy.name, await replay(proxy, backend.url))
  const title = `${USERS} users with an idle websocket each, ${WARM_UP_HOURS} hours to warm up, then ${HOURS}`
  printFigures(t, title, new Map([...results].map(([name, result]) => [name, figures(result)])))

  const ours = results.get(OWN_NAME)
  const [warm, end] = [ours?.usage[WARM_UP_HOURS - 1], ours?.usage.at(-1)]
  t.strictSame(ours?.failures, [], 'no request fails that the user waited for')
  t.equal(ours?.lostWebsockets, 0, 'no idle websocket is lost')
  t.ok(warm && end && end.sockets <= warm.sockets + 10, `sockets: ${warm?.sockets}, then ${end?.sockets}`)
  t.ok(warm && end && end.rss <= warm.rss * 1.15, `memory: ${warm?.rss} MB, then ${end?.rss} MB`)
})
