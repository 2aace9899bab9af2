import t from 'tap'
import type { Overview } from '../../src/operations/status/overview.js'
import { Backend } from '../support/backend.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

async function status(proxy: ProxyProcess): Promise<Overview> {
  const response = await fetch(`http://127.0.0.1:${proxy.apiPort}/api/status`, {
    headers: { authorization: `token ${TOKEN}` },
  })
  return (await response.json()) as Overview
}

/** Waits until the verdict has a finding, and returns it. */
async function finding(proxy: ProxyProcess, code: string): Promise<Overview['verdict']['findings'][number]> {
  let found: Overview['verdict']['findings'][number] | undefined
  await eventually(async () => {
    found = (await status(proxy)).verdict.findings.find((one) => one.code === code)
    return found !== undefined
  }, `the status names ${code}`)
  if (found === undefined) throw new Error('it was found')
  return found
}

async function page(proxy: ProxyProcess): Promise<string> {
  const base = `http://127.0.0.1:${proxy.apiPort}`
  const body = new URLSearchParams({ token: TOKEN })
  const answer = await fetch(`${base}/status/login`, { method: 'POST', body, redirect: 'manual' })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  return (await fetch(`${base}/status`, { headers: { cookie } })).text()
}

t.test('the status of a proxy with a real Envoy', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  const backend = await Backend.start('a')
  t.teardown(() => backend.stop())
  const [closed] = await freePorts(1)

  await t.test('users are served: it is green, and has their requests', async (t) => {
    await proxy.route('/', backend.url)
    await proxy.route('/user/ann', backend.url)
    for (let count = 0; count < 10; count += 1) await (await fetch(`${proxy.url}/user/ann/?token=a-secret`)).text()
    await eventually(async () => (await status(proxy)).traffic.requests >= 10, 'Envoy has reported them')
    const view = await status(proxy)
    t.match(view.verdict, { level: 'green', findings: [] })
    t.match(view.envoys, [{ version: /^1\.\d+\.\d+$/, pending: 0, rejected: 0, connections: Number }])
    t.match(view.traffic, { latency: { p50: Number, p99: Number }, failed: 0 })
    t.ok(view.limits.some(({ limit, max }) => limit === 'heap' && max !== undefined))
    t.match(await page(proxy), /class="verdict green"/)
  })

  await t.test("a user's server is down: its route is named", async (t) => {
    await proxy.route('/user/bob', `http://127.0.0.1:${closed}`)
    await fetch(`${proxy.url}/user/bob/?token=a-secret`)
    t.match(await finding(proxy, 'failed_connection_refused'), { level: 'amber', what: /\/user\/bob/ })
    t.match((await status(proxy)).failures, [
      { routespec: '/user/bob', target: `http://127.0.0.1:${closed}`, count: 1 },
    ])
  })

  await t.test('the hub is down', async (t) => {
    await proxy.route('/', `http://127.0.0.1:${closed}`)
    await fetch(`${proxy.url}/hub/login`)
    t.match(await finding(proxy, 'hub_down'), { level: 'red', what: /connection refused/ })
    t.match(await page(proxy), /class="verdict red"[\s\S]*The hub at http:\/\/127\.0\.0\.1/)
  })

  await t.test('Envoy was killed', async (t) => {
    process.kill(await proxy.envoyPid(), 'SIGKILL')
    t.match(await finding(proxy, 'envoy_restarted'), { what: /SIGKILL/ })
  })

  await t.test('a guess of the token costs a connection, a small body at most, and few lines of the log', async (t) => {
    const login = `http://127.0.0.1:${proxy.apiPort}/status/login`
    const send = (token: string) =>
      fetch(login, { method: 'POST', body: new URLSearchParams({ token }), redirect: 'manual' })
    for (const guess of ['one', 'two', 'three']) {
      const { status: wrong, headers } = await send(guess)
      t.strictSame([wrong, headers.get('connection'), headers.get('set-cookie')], [403, 'close', null])
    }
    t.equal((await send('x'.repeat(20_000))).status, 413)
    const { headers } = await send(TOKEN)
    t.equal(headers.get('connection'), 'keep-alive', 'whoever has shown it keeps the connection')
    await eventually(() => proxy.output.includes('403 POST /status/login'), 'the log has a line about it')
    t.ok(proxy.output.split('403 POST /status/login').length <= 3)
  })

  await t.test('nothing of this has a secret in it', async (t) => {
    const texts = [await page(proxy), JSON.stringify(await status(proxy)), proxy.output]
    for (const secret of ['a-secret', TOKEN]) for (const text of texts) t.notOk(text.includes(secret))
  })
})
