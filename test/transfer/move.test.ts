import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { ChpProcess } from '../support/chp.js'
import { temporaryDirectory } from '../support/directory.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { apiOf, command } from './command.js'
import { Front } from './front.js'

const ROUTES = 300

async function add(to: { apiPort: number }, routespec: string, fields: object): Promise<void> {
  const path = routespec.split('/').map(encodeURIComponent).join('/')
  const answer = await fetch(`${apiOf(to)}/api/routes${path}`, {
    ...{ method: 'POST', body: JSON.stringify(fields), headers: { authorization: `token ${TOKEN}` } },
  })
  if (answer.status !== 201) throw new Error(`POST ${routespec}: ${answer.status}`)
}

t.test('a move from CHP to this and back, under load: no user notices', { timeout: 120_000 }, async (t) => {
  const backend = await Backend.start('server')
  t.teardown(() => backend.stop())
  const chp = await ChpProcess.start()
  t.teardown(() => chp.stop())
  for (let index = 0; index < ROUTES; index += 1) {
    await add(chp, `/user/u${index}`, { target: backend.url, user: `u${index}` })
  }
  await add(chp, '/user/秀樹 100%/a?b#c', { target: backend.url, user: '秀樹' })
  await add(chp, '/', { target: backend.url })

  const front = await Front.start(t, chp.port)
  const load = front.load(Array.from({ length: ROUTES }, (_, index) => `/user/u${index}/x`))

  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  const dry = await command(['import', '--from', apiOf(chp), '--to', apiOf(proxy), '--dry-run'])
  t.equal(dry.code, 1, 'routes are lacking')
  t.match(dry.output, `${ROUTES + 2} to add, 0 to replace, 0 alike, 0 only there`)
  t.strictSame(await (await proxy.api('GET', '')).json(), {}, 'a dry run changes nothing')

  const taken = await command(['import', '--from', apiOf(chp), '--to', apiOf(proxy)])
  t.equal(taken.code, 0, taken.output)
  t.match(taken.output, `${ROUTES + 2} taken over: all ${ROUTES + 2} are there`)
  front.switchTo(proxy.port)
  await load.more(500)
  await add(proxy, '/user/new', { target: backend.url, user: 'new' })

  const back = await command(['import', '--from', apiOf(proxy), '--to', apiOf(chp)])
  t.equal(back.code, 0, back.output)
  t.match(back.output, /\+ \/user\/new -> /)
  front.switchTo(chp.port)
  await load.more(500)
  t.strictSame(await load.end(), [], 'requests that failed')
  t.equal((await fetch(`http://127.0.0.1:${chp.port}/user/new/x`)).status, 200)

  const again = await command(['import', '--from', apiOf(proxy), '--to', apiOf(chp), '--dry-run'])
  t.strictSame([again.code, again.output.trim()], [0, `0 to add, 0 to replace, ${ROUTES + 3} alike, 0 only there`])
})

t.test("what export prints is CHP's JSON, and import reads it", async (t) => {
  const [proxy, other] = await Promise.all([ProxyProcess.start(), ProxyProcess.start()])
  t.teardown(() => Promise.all([proxy.stop(), other.stop()]))
  await proxy.route('/user/ann', 'http://127.0.0.1:1', { user: 'ann', server_name: '' })
  const { output } = await command(['export', '--from', apiOf(proxy)])
  t.strictSame(JSON.parse(output), { '/user/ann': { target: 'http://127.0.0.1:1', user: 'ann', server_name: '' } })
  const file = join(await temporaryDirectory(t), 'routes.json')
  await writeFile(file, output)
  const whole = await command(['import', '--from', file, '--to', apiOf(other)])
  t.match(whole, { code: 0, output: /1 taken over: all 1 are there/ })
  t.match(await (await other.api('GET', '/user/ann')).json(), { target: 'http://127.0.0.1:1', user: 'ann' })

  await writeFile(file, JSON.stringify({ '/bad': { target: 'nonsense' }, '/good': { target: 'http://127.0.0.1:2' } }))
  const partly = await command(['import', '--from', file, '--to', apiOf(other)])
  t.equal(partly.code, 1)
  t.match(partly.output, /! \/bad: 400 Invalid target/)
  t.match(partly.output, /1 taken over, 1 are lacking/)
  t.equal((await other.api('GET', '/good')).status, 200)
})

t.test('what goes wrong is one line that says what to do', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  const to = ['--to', apiOf(proxy)]
  const [nobody = 0] = await freePorts(1)
  for (const [args, env, expected] of [
    [['--from', `http://127.0.0.1:${nobody}`, ...to], {}, /can't be asked: connect ECONNREFUSED/],
    [['--from', '/no/such/file', ...to], {}, /--from \/no\/such\/file can't be read: ENOENT/],
    [['--from', apiOf(proxy), '--to', 'ftp://x'], {}, /ftp:\/\/x is no address of a REST API, such as/],
    [['--from', apiOf(proxy), ...to], { CONFIGPROXY_FROM_TOKEN: 'wrong' }, /answers 403: set its token in/],
  ] as const) {
    const { code, output } = await command(['import', ...args], env)
    t.equal(code, 1)
    t.match(output, expected)
    t.equal(output.trim().split('\n').length, 1, output)
    t.notMatch(output, TOKEN)
  }
})
