import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { temporaryDirectory } from '../support/directory.js'
import { limitFiles } from '../support/full-disk.js'
import { backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

const REASON = /^The route was not changed, since it could not be stored: the file would be larger than allowed$/

t.test('on a full disk a change is answered 507 and changes nothing; with room again all goes on', async (t) => {
  const [a, b] = await Promise.all([Backend.start('a'), Backend.start('b')])
  const stateDir = await temporaryDirectory(t)
  const proxy = await ProxyProcess.start(['--state-dir', stateDir])
  t.teardown(() => Promise.all([proxy.stop(), a.stop(), b.stop()]))
  await proxy.route('/kept', a.url)
  await proxy.route('/moved', a.url)
  await limitFiles(proxy.child.pid, (await stat(join(stateDir, 'routes.mdb'))).size)

  const fill = async (bytes: number): Promise<{ routespec: string; answer: Response }> => {
    for (let count = 0; ; count += 1) {
      const routespec = `/filler/${bytes}/${count}`
      const answer = await proxy.api('POST', routespec, { target: a.url, more: 'x'.repeat(bytes) })
      if (answer.status !== 201) return { routespec, answer }
    }
  }
  await fill(60_000)
  const refusal = await fill(3_000)
  t.equal(refusal.answer.status, 507)
  t.match(await refusal.answer.text(), REASON)
  t.equal((await proxy.api('GET', refusal.routespec)).status, 404)
  t.equal(await backendOf(proxy.port, refusal.routespec), 404, 'Envoy has no such route either')
  t.equal((await proxy.api('POST', '/moved', { target: b.url })).status, 507)
  t.match(await (await proxy.api('GET', '/moved')).json(), { target: a.url })
  t.equal(await backendOf(proxy.port, '/moved'), 'a', 'what could not be changed is as before')
  const deletion = await proxy.api('DELETE', '/kept')
  t.equal(deletion.status, 507)
  t.match(await deletion.text(), REASON)
  t.equal(await backendOf(proxy.port, '/kept'), 'a', 'what could not be deleted is there')

  await limitFiles(proxy.child.pid, 'unlimited')
  await proxy.route('/new', b.url)
  t.equal(await backendOf(proxy.port, '/new'), 'b')
  t.equal((await proxy.api('DELETE', '/kept')).status, 204)
  const table = await (await proxy.api('GET', '')).json()
  proxy.child.kill('SIGKILL')
  await proxy.exit()
  const next = await ProxyProcess.start(['--state-dir', stateDir], {
    runtimeBase: proxy.runtimeBase,
    ports: [proxy.port, proxy.apiPort],
  })
  t.teardown(() => next.stop())
  t.strictSame(await (await next.api('GET', '')).json(), table, 'and the disk has what the table has')
})

t.test('a proxy that starts on a full disk serves what is stored', async (t) => {
  const stateDir = await temporaryDirectory(t)
  const first = await ProxyProcess.start(['--state-dir', stateDir])
  await first.route('/kept', 'http://127.0.0.1:1')
  await first.stop()
  // Enough for the small files of a start, too little for a second file of routes.
  const second = await ProxyProcess.start(['--state-dir', stateDir], { before: ['prlimit', '--fsize=100000:'] })
  t.teardown(() => second.stop())
  t.match(
    second.output,
    /warn: \S+routes\.mdb can't be written: the file would be larger than allowed\. The existing file stays in use\./,
  )
  t.equal((await second.api('GET', '/kept')).status, 200)
})
