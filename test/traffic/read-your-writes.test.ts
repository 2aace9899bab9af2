import t from 'tap'
import { Backend } from '../support/backend.js'
import { effort } from '../support/effort.js'
import { backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

const ROUTES = effort('CEP_CHANGED_ROUTES')
/** Changes under way at once, each followed by its own requests. */
const LANES = 8
/** Requests after each change, every one on a fresh connection, so that any worker may get it. */
const REQUESTS = 2

for (const workers of [1, 4]) {
  t.test(`right after its answer a change holds for every request, ${workers} worker(s)`, async (t) => {
    const [hub, one, two] = await Promise.all([Backend.start('hub'), Backend.start('one'), Backend.start('two')])
    const proxy = await ProxyProcess.start([
      ...['--workers', String(workers), '--default-target', hub.url, '--log-level', 'warn'],
    ])
    t.teardown(() => Promise.all([proxy.stop(), hub.stop(), one.stop(), two.stop()]))

    let requests = 0
    const wrong: string[] = []
    const check = async (path: string, expected: string, when: string) => {
      const names = await Promise.all(Array.from({ length: REQUESTS }, () => backendOf(proxy.port, `${path}/x`)))
      requests += names.length
      for (const name of names) if (name !== expected) wrong.push(`${path} after ${when}: ${name}, not ${expected}`)
    }
    const lane = async (first: number) => {
      for (let index = first; index < ROUTES; index += LANES) {
        const path = `/user/u${index}`
        await proxy.route(path, one.url)
        await check(path, 'one', 'its add')
        await proxy.route(path, two.url)
        await check(path, 'two', 'its change')
        if ((await proxy.api('DELETE', path)).status !== 204) wrong.push(`${path} was not deleted`)
        await check(path, 'hub', 'its delete')
      }
    }
    await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)))
    t.strictSame(wrong, [])
    t.equal(requests, ROUTES * 3 * REQUESTS)
  })
}

t.test('a target with a host name works like one with an address', async (t) => {
  const [hub, one, two] = await Promise.all([Backend.start('hub'), Backend.start('one'), Backend.start('two')])
  const proxy = await ProxyProcess.start(['--default-target', `http://localhost:${hub.port}`])
  t.teardown(() => Promise.all([proxy.stop(), hub.stop(), one.stop(), two.stop()]))
  for (let index = 0; index < 50; index += 1) {
    const path = `/user/u${index}`
    await proxy.route(path, `http://localhost:${one.port}`)
    t.equal(await backendOf(proxy.port, path), 'one')
    await proxy.route(path, `http://localhost:${two.port}`)
    t.equal(await backendOf(proxy.port, path), 'two')
    await proxy.api('DELETE', path)
    t.equal(await backendOf(proxy.port, path), 'hub')
  }
  await proxy.route('/user/gone', 'http://no-such-host.invalid:80')
  t.equal(await backendOf(proxy.port, '/user/gone'), 503, 'a name that does not resolve is a dead target, not the hub')
})

t.test('a route that Envoy refuses fails alone, whatever else is in its batch', async (t) => {
  const backend = await Backend.start('a')
  const proxy = await ProxyProcess.start()
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  const bad = `http+unix://%2F${'s'.repeat(120)}`
  await proxy.route('/u/7', backend.url, { old: true })
  const posts = Array.from({ length: 60 }, (_, index) =>
    proxy.api('POST', `/u/${index}`, { target: index % 20 === 7 ? bad : backend.url }),
  )
  for (const [index, answer] of (await Promise.all(posts)).entries()) {
    const text = await answer.text()
    if (index % 20 === 7) t.match([answer.status, text], [400, /r:\/u\/\d+: Path .* exceeds maximum UNIX domain/])
    else t.equal(answer.status, 201, `/u/${index} ${text}`)
  }
  const table = (await (await proxy.api('GET', '')).json()) as Record<string, unknown>
  t.equal(Object.keys(table).length, 58)
  t.match(table['/u/7'], { target: backend.url, old: true }, 'the entry of before stays')
  const served = await Promise.all(Array.from({ length: 60 }, (_, index) => backendOf(proxy.port, `/u/${index}`)))
  t.strictSame(
    served,
    Array.from({ length: 60 }, (_, index) => (index === 27 || index === 47 ? 404 : 'a')),
    'and Envoy agrees with the table',
  )
})

t.test('an Envoy that does not answer fails the change with 503, and nothing has changed', async (t) => {
  const [one, two] = await Promise.all([Backend.start('one'), Backend.start('two')])
  const proxy = await ProxyProcess.start()
  const envoy = await proxy.envoyPid()
  t.teardown(async () => {
    process.kill(envoy, 'SIGCONT')
    await Promise.all([proxy.stop(), one.stop(), two.stop()])
  })
  await proxy.route('/changed', one.url)
  await proxy.route('/deleted', one.url)
  process.kill(envoy, 'SIGSTOP')
  const answers = await Promise.all([
    proxy.api('POST', '/added', { target: one.url }),
    proxy.api('POST', '/changed', { target: two.url }),
    proxy.api('DELETE', '/deleted'),
  ])
  for (const answer of answers) {
    t.equal(answer.status, 503)
    t.match(await answer.text(), 'The route was not changed: Envoy did not acknowledge it within 10 s')
  }
  t.strictSame(Object.keys((await (await proxy.api('GET', '')).json()) as object), ['/changed', '/deleted'])
  process.kill(envoy, 'SIGCONT')
  await proxy.route('/after', one.url)
  const served = await Promise.all(['/added', '/changed', '/deleted'].map((path) => backendOf(proxy.port, path)))
  t.strictSame(served, [404, 'one', 'one'], 'Envoy agrees with the table')
})
