import t from 'tap'
import { HubProcess } from '../support/hub.js'
import { execute } from '../support/kernel.js'
import { killProcess } from '../support/processes.js'
import { CLI } from '../support/proxy.js'
import type { Session } from '../support/session.js'
import { startWork } from '../support/session.js'
import { hubVenv, withoutHub } from '../support/venv.js'
import { eventually } from '../support/wait.js'

const USERS = ['ana', 'ben']
const KILLS = 2

const skip = await withoutHub()

/** Asks for something again and again until it is stopped; the results that were no success. */
function poll(
  hub: HubProcess,
  { user, browser }: Session,
): { asked: number; failures: string[]; stop: () => Promise<void> } {
  const polling = { asked: 0, failures: [] as string[], stop: async () => {} }
  let stopped = false
  const ended = (async () => {
    while (!stopped) {
      polling.asked += 1
      const result = await browser.call('GET', `${hub.server(user)}/api/kernels`).then(
        ({ status }) => String(status),
        (error: Error) => error.message,
      )
      if (result !== '200') polling.failures.push(result)
    }
  })()
  polling.stop = () => {
    stopped = true
    return ended
  }
  return polling
}

t.test('a real JupyterHub starts a killed proxy again, and nobody notices', { skip }, async (t) => {
  const hub = await HubProcess.spawn(await hubVenv())
  t.teardown(async () => {
    await hub.cleanUp()
    if (!t.passing()) t.comment(hub.output)
  })
  const pidsOf = async (isIt: (command: readonly string[]) => boolean) =>
    (await hub.processes()).filter(({ command }) => isIt(command)).map(({ pid }) => pid)
  const proxies = () => pidsOf((command) => command.includes(CLI))
  const envoys = () => pidsOf((command) => command[0]?.endsWith('/envoy') ?? false)

  await hub.ready()
  const sessions = await Promise.all(USERS.map((user) => startWork(t, hub, user)))
  const [envoy, routes] = [await envoys(), Object.keys(await hub.routes()).sort()]
  t.equal(envoy.length, 1)
  let closed = 0
  for (const { socket } of sessions) socket.on('close', () => (closed += 1))
  const polls = sessions.map((session) => poll(hub, session))

  for (let kill = 1; kill <= KILLS; kill += 1) {
    const [proxy = 0] = await proxies()
    killProcess(proxy)
    await eventually(async () => {
      const [next] = await proxies()
      return next !== undefined && next !== proxy
    }, 'the hub has started it again')
    await eventually(
      () =>
        hub.routes().then(
          (now) => Object.keys(now).sort().join() === routes.join(),
          () => false,
        ),
      'it has the same routes',
    )
    t.strictSame(await envoys(), envoy, `with the same Envoy after kill ${kill}`)
  }

  await Promise.all(polls.map(({ stop }) => stop()))
  const asked = polls.reduce((sum, one) => sum + one.asked, 0)
  t.comment(`${asked} requests while the proxy was killed ${KILLS} times`)
  t.ok(asked > 100)
  t.strictSame(
    polls.flatMap(({ failures }) => failures),
    [],
    'no request has failed',
  )
  t.equal(closed, 0, 'no websocket was lost')
  for (const { user, socket } of sessions) t.equal(await execute(socket, '2+2'), '4', `${user}'s kernel still computes`)
  t.strictSame(await hub.stop(), { code: 0, signal: null }, 'the hub ends well')
})
