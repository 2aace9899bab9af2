import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ask } from '../support/http.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'

const NO_TOKEN = { env: { CONFIGPROXY_AUTH_TOKEN: '' } }
const TARGET = '{"target":"http://127.0.0.1:1"}'

async function statuses(port: number, options: RequestOptions = {}): Promise<number[]> {
  const call = (method: string, path: string, body?: string) => ask(port, path, { ...options, method }, body)
  const answers = [
    await call('POST', '/api/routes/a', TARGET),
    await call('GET', '/api/routes'),
    await call('DELETE', '/api/routes/a'),
  ]
  return answers.map(({ status }) => status)
}

t.test('--no-api-auth lets everyone on this machine call, as CHP does without a token', async (t) => {
  const proxy = await ProxyProcess.start(['--no-api-auth'], NO_TOKEN)
  t.teardown(() => proxy.stop())
  t.strictSame(await statuses(proxy.apiPort), [201, 200, 204])
  t.strictSame(await statuses(proxy.apiPort, { headers: { authorization: 'token whatever' } }), [201, 200, 204])
  t.match(proxy.output, 'warn: --no-api-auth: everyone on this machine can change routes')
  for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
    t.strictSame(await statuses(proxy.apiPort, { headers }), [403, 403, 403], 'but no web page')
  }
})

t.test('so it is on a unix socket', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const socketPath = join(directory, 'api.sock')
  const proxy = await ProxyProcess.start(['--no-api-auth', '--api-socket', socketPath], NO_TOKEN)
  t.teardown(() => proxy.stop())
  t.strictSame(await statuses(0, { socketPath }), [201, 200, 204])
})

t.test('an API that others reach is never open, nor one that has a token', async (t) => {
  const cases: Array<[args: string[], token: string, line: RegExp]> = [
    [['--api-ip', '0.0.0.0'], '', /would let everyone who reaches 0\.0\.0\.0:\d+ change routes/],
    [['--api-ip', ''], '', /would let everyone who reaches \*:\d+ change routes/],
    [['--api-ip', '::'], '', /would let everyone who reaches \[::\]:\d+ change routes/],
    [['--api-ip', '192.0.2.1'], '', /would let everyone/],
    [['--api-ip', '127.example.com'], '', /would let everyone/],
    [['--api-ip', '127.0.0.1'], TOKEN, /--no-api-auth and CONFIGPROXY_AUTH_TOKEN contradict each other/],
  ]
  const starts = cases.map(async ([args, CONFIGPROXY_AUTH_TOKEN, line]) => {
    const proxy = await ProxyProcess.spawn(['--no-api-auth', ...args], { env: { CONFIGPROXY_AUTH_TOKEN } })
    t.equal((await proxy.exit()).code, 1, args.join(' '))
    t.match(proxy.output, line)
    t.match(proxy.output, /^error: [^\n]*\n$/, 'one line')
    await proxy.stop()
  })
  await Promise.all(starts)
})
