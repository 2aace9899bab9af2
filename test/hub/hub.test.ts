import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { HubProcess } from '../support/hub.js'
import { accepts } from '../support/ports.js'
import { CLI } from '../support/proxy.js'
import { startWork } from '../support/session.js'
import { hubVenv, withoutHub } from '../support/venv.js'
import { eventually } from '../support/wait.js'

const USERS = ['ana', 'ben', 'cleo']

const skip = await withoutHub()

t.test('a real JupyterHub starts the proxy, and three users work through it', { skip }, async (t) => {
  const hub = await HubProcess.spawn(await hubVenv())
  t.teardown(async () => {
    await hub.cleanUp()
    if (!t.passing()) t.comment(hub.output)
  })
  /** How many processes of each kind there are. */
  const census = async () => {
    const commands = (await hub.processes()).map(({ command }) => command)
    const count = (part: string) => commands.filter((command) => command.some((word) => word.endsWith(part))).length
    return {
      proxies: count(CLI),
      envoys: commands.filter(([, flag]) => flag === '--config-path').length,
      servers: count('/jupyterhub-singleuser'),
      kernels: count('ipykernel_launcher'),
    }
  }
  await hub.ready()
  t.strictSame(await census(), { proxies: 1, envoys: 1, servers: 0, kernels: 0 }, 'the hub has started one proxy')
  t.strictSame(Object.keys(await hub.routes()), ['/'], 'the hub has its route')

  const sessions = await Promise.all(USERS.map((user) => startWork(t, hub, user)))
  t.strictSame(await census(), { proxies: 1, envoys: 1, servers: 3, kernels: 3 }, 'all at the same time')

  await Promise.all(
    sessions.map(async ({ user, browser, socket }) => {
      const closed = once(socket, 'close')
      const stop = await browser.call('DELETE', `/hub/api/users/${user}/server`)
      t.match(String(stop.status), /^20[24]$/, `${user}'s server is asked to stop`)
      await eventually(async () => !(`/user/${user}` in (await hub.routes())), `${user}'s route is gone`)
      await closed
      const gone = await browser.open(`/user/${user}/api`)
      // 424 is what the hub says of a server that doesn't run.
      t.match(gone, { status: 424, path: `/hub/user/${user}/api` }, `the hub answers for ${user}'s server`)
    }),
  )
  t.strictSame(Object.keys(await hub.routes()), ['/'], 'only its own route is left')
  await eventually(async () => (await census()).servers + (await census()).kernels === 0, 'the servers have ended')

  t.strictSame(await hub.stop(), { code: 0, signal: null }, 'the hub ends well')
  await eventually(async () => (await hub.processes()).length === 0, 'all that it started has ended with it')
  for (const [name, port] of Object.entries(hub.ports)) t.notOk(await accepts(port), `the ${name} port is free`)
  t.notOk(existsSync(join(hub.directory, 'configurable-envoy-proxy')), 'the proxy left no file behind')
})
