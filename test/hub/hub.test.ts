import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Browser } from '../support/browser.js'
import { HubProcess } from '../support/hub.js'
import { execute } from '../support/kernel.js'
import { accepts } from '../support/ports.js'
import { CLI } from '../support/proxy.js'
import { hubVenv, missingPython } from '../support/venv.js'
import { eventually } from '../support/wait.js'

const USERS = ['ana', 'ben', 'cleo']

const missing = await missingPython()
// In continuous integration nothing is skipped: the test fails with the reason.
const skip = process.env.CI !== 'true' && missing !== undefined && `${missing}, so there is no JupyterHub to test with`

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
      envoys: count('--config-path'),
      servers: count('/jupyterhub-singleuser'),
      kernels: count('ipykernel_launcher'),
    }
  }
  await hub.ready()
  t.strictSame(await census(), { proxies: 1, envoys: 1, servers: 0, kernels: 0 }, 'the hub has started one proxy')
  t.strictSame(Object.keys(await hub.routes()), ['/'], 'the hub has its route')

  const sessions = await Promise.all(
    USERS.map(async (user) => {
      await mkdir(hub.home(user))
      await writeFile(join(hub.home(user), 'note.txt'), `of ${user}`)
      const browser = new Browser(hub.url)
      t.teardown(() => browser.close())
      await browser.open('/hub/login')
      const login = await browser.open('/hub/login?next=%2Fhub%2Fspawn', { username: user, password: 'any' })
      t.equal(login.status, 200, `${user} is logged in`)
      t.match(login.path, new RegExp(`^/(hub/spawn-pending|user)/${user}`), `${user}'s server is being started`)
      const progress = await browser.call('GET', `/hub/api/users/${user}/server/progress`)
      t.match(progress.body, /"ready": true/, `${user} is told that it runs`)
      const route = (await hub.routes())[`/user/${user}`]
      t.equal(route?.user, user, `${user} has a route`)
      // Only its owner may see a file, so the server sends the browser to the hub and back first.
      const note = await browser.open(`/user/${user}/files/note.txt`)
      t.match(note, { status: 200, path: `/user/${user}/files/note.txt`, body: `of ${user}` }, `${user} is let in`)
      t.equal((await browser.open(`/user/${user}/`)).status, 200, `${user} sees the first page`)

      const created = await browser.call('POST', `/user/${user}/api/kernels`, { name: 'python3' })
      t.equal(created.status, 201, `${user} has a kernel`)
      const kernel = JSON.parse(created.body) as { id: string }
      const socket = await browser.websocket(`/user/${user}/api/kernels/${kernel.id}/channels`)
      t.teardown(() => socket.terminate())
      t.equal(await execute(socket, '1+1'), '2', `${user}'s kernel computes`)
      t.equal(await execute(socket, "__import__('os').environ['JUPYTERHUB_USER']"), `'${user}'`, 'and is its own')
      return { user, browser, socket }
    }),
  )
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
