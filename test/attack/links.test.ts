import { once } from 'node:events'
import { rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { admin, adminSocket, askWithoutKey } from '../support/admin.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

/** What does harm, or tells of others. */
const CALLS: ReadonlyArray<[method: string, path: string]> = [
  ['POST', '/quitquitquit'],
  ['POST', '/quitquitquit?key='],
  ['POST', '/drain_listeners'],
  ['POST', '/healthcheck/fail'],
  ['POST', '/logging?level=trace'],
  ['GET', '/config_dump'],
  ['GET', '/stats?filter=.'],
  ['GET', '/'],
]

t.test('a user whose socket becomes a link to the admin interface gets nothing of it', async (t) => {
  const proxy = await ProxyProcess.start(['--no-include-prefix'])
  t.teardown(() => proxy.stop())
  const socket = join(proxy.runtimeBase, 'user.sock')
  const server = createServer((_request, response) => response.end('mine')).listen(socket)
  await once(server, 'listening')
  await proxy.route('/user/a', `http+unix://${encodeURIComponent(socket)}`)
  t.equal((await ask(proxy.port, '/user/a/')).body, 'mine')
  server.close()
  const envoy = await proxy.envoyPid()
  const linkTo = async (name: string) => {
    await rm(socket, { force: true })
    await symlink(join(proxy.runtimeDir, name), socket)
  }

  await linkTo('admin.sock')
  for (const [method, path] of CALLS) {
    const answer = await ask(proxy.port, `/user/a${path}`, { method })
    t.match(answer, { status: 403, body: /^request to path \S+ not allowed$/ }, path)
    t.equal(answer.body, `request to path ${path} not allowed`, 'and it is Envoy that says so')
  }
  t.equal(await askWithoutKey(adminSocket(proxy), '/ready'), 'request to path /ready not allowed', 'by no way at all')
  t.match(await admin(proxy, '/ready'), 'LIVE')

  // One speaks HTTP/2 only, the other takes no streams.
  for (const name of ['ads.sock', 'hot_parent_0']) {
    await linkTo(name)
    const isNothing = async () => (await ask(proxy.port, '/user/a/')).status === 503
    await eventually(isNothing, `connections to the one before are closed, and ${name} has no answer`)
  }
  t.equal(await proxy.envoyPid(), envoy)
  await proxy.route('/user/b', 'http://127.0.0.1:9')
  t.notMatch(proxy.output, /not allowed/, 'nor is the log filled')
})
