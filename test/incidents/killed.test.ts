// Two outages in which the proxy's process was gone for a moment, and its table for much longer.
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { accepts } from '../support/ports.js'
import { eventually } from '../support/wait.js'
import type { Figures } from './figures.js'
import { printFigures, tally } from './figures.js'
import { IncidentHub } from './hub.js'
import type { IncidentProxy } from './proxies.js'
import { contenders, OWN_NAME } from './proxies.js'
import { everyRouteAnswers, OK, PollingUsers } from './users.js'

const USERS = 300
const POLL_MS = 2_000
/** JupyterHub looks every 300 s at what routes there are: time runs 50 times as fast here. */
const SCALE = 50
const CHECK_MS = 300_000 / SCALE
/** How long a node is away. */
const AWAY_MS = 2_000

const routespecs = Array.from({ length: USERS }, (_, index) => `/user/user-${index}`)
const paths = routespecs.map((routespec) => `${routespec}/api/status`)

/** Everything a replay shows of one proxy, in milliseconds since it was killed. */
interface Replay {
  readonly requests: number
  readonly failed: readonly string[]
  readonly failedAfterPortWasBack: readonly string[]
  readonly portBackMs: number
  readonly allRoutesMs: number
}

interface Incident {
  readonly awayMs: number
  /** What the hub does from when the proxy has been started again; ends with the signal. */
  readonly hub: (hub: IncidentHub, over: AbortSignal) => Promise<void>
}

async function replay(proxy: IncidentProxy, target: string, incident: Incident): Promise<Replay> {
  await proxy.start()
  const hub = new IncidentHub(proxy.apiPort, target, routespecs)
  try {
    await hub.populate()
    await everyRouteAnswers(proxy.port, paths)
    const users = new PollingUsers(proxy.port, paths, POLL_MS)
    await delay(POLL_MS / 2)
    const killedAt = performance.now()
    await proxy.kill()
    await delay(incident.awayMs)
    const portBack = eventually(() => accepts(proxy.port), 'the port accepts').then(() => performance.now())
    const over = new AbortController()
    const started = proxy.start()
    const hubWork = started.then(() => incident.hub(hub, over.signal))
    const portBackAt = await portBack
    const allRoutesAt = await everyRouteAnswers(proxy.port, paths)
    await started
    await delay(POLL_MS / 2)
    over.abort()
    await Promise.all([hubWork, users.stop()])
    const failed = users.outcomes.filter(({ result }) => result !== OK)
    return {
      requests: users.outcomes.length,
      failed: failed.map(({ result }) => result),
      failedAfterPortWasBack: failed.filter(({ at }) => at > portBackAt).map(({ result }) => result),
      portBackMs: portBackAt - killedAt,
      allRoutesMs: allRoutesAt - killedAt,
    }
  } finally {
    await hub.close()
    await proxy.stop()
  }
}

function figures({ requests, failed, failedAfterPortWasBack, portBackMs, allRoutesMs }: Replay): Figures {
  return {
    'requests of users': requests,
    failed: `${failed.length} (${((100 * failed.length) / requests).toFixed(0)} %)`,
    'failed after the port was back': tally(failedAfterPortWasBack),
    'seconds until the port was back': (portBackMs / 1000).toFixed(2),
    'seconds until every route answered': (allRoutesMs / 1000).toFixed(2),
  }
}

async function replayAgainstAll(t: Test, title: string, incident: Incident): Promise<void> {
  const backend = await Backend.start('notebooks')
  t.teardown(() => backend.stop())
  const results = new Map<string, Replay>()
  for (const proxy of await contenders()) results.set(proxy.name, await replay(proxy, backend.url, incident))
  printFigures(t, title, new Map([...results].map(([name, result]) => [name, figures(result)])))
  const ours = results.get(OWN_NAME)
  t.strictSame(ours?.failedAfterPortWasBack, [], 'no request fails after the port is back')
  for (const [name, chp] of results) {
    if (name === OWN_NAME) continue
    t.ok(chp.failedAfterPortWasBack.length > 0, `the replay does to ${name} what happened`)
  }
}

t.test('2017: the proxy is killed and started again while the hub looks at the routes only every 300 s', (t) =>
  replayAgainstAll(t, `${USERS} users, one request each in ${POLL_MS} ms; the hub's 300 s are ${CHECK_MS / 1000} s`, {
    awayMs: 0,
    hub: async (hub, over) => {
      while (await delay(CHECK_MS, true, { signal: over }).catch(() => false)) await hub.check()
    },
  }),
)

t.test("2024: the proxy's node goes away and comes back, and the hub adds all routes again under load", (t) =>
  replayAgainstAll(t, `${USERS} users, one request each in ${POLL_MS} ms; away for ${AWAY_MS / 1000} s`, {
    awayMs: AWAY_MS,
    hub: (hub) => hub.populate(),
  }),
)
