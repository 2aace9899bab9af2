import t from 'tap'
import { ask } from '../support/http.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const proxy = await ProxyProcess.start(['--log-format', 'json', '--workers', '1'])
t.teardown(() => proxy.stop())

const level = (method: string, body?: string, token = TOKEN) =>
  ask(proxy.apiPort, '/api/log-level', { method, headers: { authorization: `token ${token}` } }, body)

t.test('each line of the log is a JSON object', async (t) => {
  await ask(proxy.port, '/nowhere?token=secret')
  await eventually(() => proxy.output.includes('404 GET /nowhere no route matches'), 'a failed request is logged')
  const lines = proxy.output.split('\n').slice(0, -1)
  t.ok(lines.length > 4)
  for (const line of lines) t.match(JSON.parse(line), { time: String, level: String, name: String, message: String })
  t.notMatch(proxy.output, 'secret')
})

t.test('the level is changed by a call with the token', async (t) => {
  t.equal((await level('GET')).body, '{"level":"info"}')
  t.equal((await level('PUT', '{"level":"debug"}', 'wrong')).status, 403)
  for (const body of ['{"level":"loud"}', 'debug', 'null', '']) t.equal((await level('PUT', body)).status, 400, body)
  t.strictSame((await level('PUT', '{"level":"error"}')).body, '{"level":"error"}')
  await eventually(() => proxy.output.includes('The log level is error now'), 'it is said')
  const before = proxy.output.length
  await ask(proxy.apiPort, '/api/routes', { headers: { authorization: `token ${TOKEN}` } })
  t.equal((await level('GET')).body, '{"level":"error"}')
  t.equal((await level('POST')).status, 405)
  t.equal(proxy.output.length, before, 'less is logged')
})

t.test('SIGUSR2 turns debug on and off', async (t) => {
  proxy.child.kill('SIGUSR2')
  await eventually(() => proxy.output.includes('The log level is debug now'), 'on')
  proxy.child.kill('SIGUSR2')
  await eventually(() => proxy.output.includes('The log level is info now'), 'off, to what the start asked for')
  t.equal((await level('GET')).body, '{"level":"info"}')
})
