import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { WebSocket } from 'ws'
import { Browser } from './browser.js'
import type { HubProcess } from './hub.js'
import { execute } from './kernel.js'

/** A user at work: logged in, with a server and a kernel. */
export interface Session {
  readonly user: string
  readonly browser: Browser
  /** To the kernel. */
  readonly socket: WebSocket
}

/** Logs in, starts a server, reads a file, starts a kernel and computes with it, and checks that each works. */
export async function startWork(t: Test, hub: HubProcess, user: string): Promise<Session> {
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
  const route = (await hub.routes())[hub.routespec(user)]
  t.equal(route?.user, user, `${user} has a route`)

  const server = hub.server(user)
  // Only its owner may see a file, so the server sends the browser to the hub and back first.
  const note = await browser.open(`${server}/files/note.txt`)
  t.match(note, { status: 200, path: `/user/${user}/files/note.txt`, body: `of ${user}` }, `${user} is let in`)
  t.equal((await browser.open(`${server}/`)).status, 200, `${user} sees the first page`)

  const created = await browser.call('POST', `${server}/api/kernels`, { name: 'python3' })
  t.equal(created.status, 201, `${user} has a kernel`)
  const kernel = JSON.parse(created.body) as { id: string }
  const socket = await browser.websocket(`${server}/api/kernels/${kernel.id}/channels`)
  t.teardown(() => socket.terminate())
  t.equal(await execute(socket, '1+1'), '2', `${user}'s kernel computes`)
  t.equal(await execute(socket, "__import__('os').environ['JUPYTERHUB_USER']"), `'${user}'`, 'and is its own')
  return { user, browser, socket }
}
