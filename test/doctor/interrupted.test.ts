import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI, ProxyProcess, STATE, TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

t.test('Ctrl-C removes the temporary route; one that a killed doctor has left is removed by the next', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  const [command, ...before] = PLAIN_NODE
  const own = ['--ip', '127.0.0.1', '--port', String(proxy.port)]
  const api = ['--api-ip', '127.0.0.1', '--api-port', String(proxy.apiPort)]
  const env = {
    ...process.env,
    ...{ XDG_RUNTIME_DIR: proxy.runtimeBase, XDG_STATE_HOME: join(proxy.runtimeBase, STATE) },
    CONFIGPROXY_AUTH_TOKEN: TOKEN,
  }
  const doctor = (args: readonly string[]) =>
    spawn(command, [...before, CLI, 'doctor', ...own, ...api, '--public-url', proxy.url, ...args], { env })
  const routes = async () => Object.keys((await (await proxy.api('GET', '')).json()) as object)

  const old = `/_cep-doctor-${'0'.repeat(32)}`
  await proxy.route(old, 'http://127.0.0.1:1', { doctor: '2026-01-01T00:00:00.000Z' })
  await proxy.route('/user/ann', 'http://127.0.0.1:1', { doctor: '2026-01-01T00:00:00.000Z' })
  const waiting = doctor(['--only', 'CEP0822', '--idle', '600'])
  const printed = text(waiting.stderr)
  const isThere = async () => (await routes()).some((route) => route !== old && route.startsWith('/_cep-doctor-'))
  await eventually(isThere, 'the temporary route is there')
  t.notOk((await routes()).includes(old))
  waiting.kill('SIGINT')
  const [code] = await once(waiting, 'exit')
  t.equal(code, 1)
  t.match(await printed, /^This takes 600 s, .*\nerror: Interrupted; the temporary route was removed/)
  t.strictSame(await routes(), ['/user/ann'], 'a route of the hub stays, whatever its data')

  const direct = doctor(['--only', 'CEP0801,CEP0802,CEP0821,CEP0824,CEP0827', '--output', 'json'])
  const [shown, [status]] = await Promise.all([text(direct.stdout), once(direct, 'exit')])
  t.equal(status, 0, shown)
  t.notMatch(shown, new RegExp(TOKEN))
  t.strictSame(await routes(), ['/user/ann'])

  const refused = spawn(command, [...before, CLI, 'doctor', ...own, ...api, '--public-url', proxy.url], {
    env: { ...env, CONFIGPROXY_AUTH_TOKEN: 'wrong' },
  })
  const [reason, [refusedCode]] = await Promise.all([text(refused.stderr), once(refused, 'exit')])
  t.equal(refusedCode, 1)
  t.match(reason, /refuses the temporary route for the checks: CONFIGPROXY_AUTH_TOKEN is not its token/)
})
