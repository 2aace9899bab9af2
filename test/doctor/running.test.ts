import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Result } from '../../src/doctor/model/check.js'
import { Authority } from '../support/certificate.js'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI, ProxyProcess, STATE, TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

interface Printed {
  readonly status: number
  readonly stdout: string
}

/** Runs `doctor` with the options of a proxy, beside it. */
function doctor(proxy: ProxyProcess, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Printed> {
  const [command, ...before] = PLAIN_NODE
  const own = ['--ip', '127.0.0.1', '--port', String(proxy.port)]
  const api = ['--api-ip', '127.0.0.1', '--api-port', String(proxy.apiPort)]
  const surroundings = {
    ...process.env,
    ...{ XDG_RUNTIME_DIR: proxy.runtimeBase, XDG_STATE_HOME: join(proxy.runtimeBase, STATE) },
    ...{ CONFIGPROXY_AUTH_TOKEN: TOKEN, ...env },
  }
  return new Promise((resolve) => {
    execFile(command, [...before, CLI, 'doctor', ...own, ...api, ...args], { env: surroundings }, (error, stdout) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout })
    })
  })
}

t.test('a running proxy is examined by its own processes, limits and routes', async (t) => {
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const { keyFile, certFile } = await authority.issue()
  const tls = ['--ssl-key', keyFile, '--ssl-cert', certFile]
  const proxy = await ProxyProcess.start(tls)
  t.teardown(() => proxy.stop())
  await proxy.route('/', 'http://127.0.0.1:1')
  await eventually(() => proxy.output.includes('Proxy API at'), 'it has started')
  const { status, stdout } = await doctor(proxy, [...tls, '--output', 'json'])
  const report = JSON.parse(stdout) as { subject: string; status: number; checks: Result[] }
  const checks = Object.fromEntries(report.checks.map((check) => [check.code, check]))
  t.match(report.subject, new RegExp(`runs with these options: process ${proxy.child.pid}`))
  const envoy = await proxy.envoyPid()
  t.match(checks.CEP0201, {
    state: 'ok',
    finding: `127.0.0.1:${proxy.port} is held by the proxy that runs with these options (process ${envoy})`,
  })
  t.match(checks.CEP0203, { state: 'ok', finding: new RegExp(`\\(process ${proxy.child.pid}\\)`) })
  for (const code of ['CEP0406', 'CEP0513', 'CEP0514', 'CEP0701', 'CEP0702', 'CEP0703', 'CEP0704']) {
    t.equal(checks[code]?.state, 'ok', `${code}: ${checks[code]?.finding}`)
  }
  t.match(checks.CEP0602, { state: 'failed', finding: /nothing listens at http:\/\/127\.0\.0\.1:1/ }, 'the route /')
  t.equal(status, 2, 'what fails is to be mended, but not fatal')
  t.equal(report.status, status)
  t.notMatch(stdout, new RegExp(TOKEN))

  const wrong = await doctor(proxy, [...tls, '--only', 'CEP0701,CEP0703,CEP0704'], { CONFIGPROXY_AUTH_TOKEN: 'wrong' })
  t.match(wrong.stdout, /FATAL +CEP0701 .*refuses the token.*\n +-> Set CONFIGPROXY_AUTH_TOKEN/)
  t.match(wrong.stdout, /\? +CEP0704 .*refuses the token/)
  t.match(wrong.stdout, /ok +CEP0703/)
  t.equal(wrong.status, 1)

  const none = await doctor(proxy, ['--only', 'CEP0701'], { CONFIGPROXY_AUTH_TOKEN: '' })
  t.match(none.stdout, /\? +CEP0701 .*not set here/)
  t.equal(none.status, 2)

  process.kill(envoy, 'SIGSTOP')
  const stopped = await doctor(proxy, [...tls, '--only', 'CEP0703'])
  process.kill(envoy, 'SIGCONT')
  t.match(stopped.stdout, /FATAL +CEP0703 .*no answer within 5 s/)

  await copyFile(authority.file, certFile)
  const half = await doctor(proxy, [...tls, '--only', 'CEP0401,CEP0406'])
  t.match(half.stdout, /FATAL +CEP0401 .*does not belong to the certificate/)
  t.equal((await doctor(proxy, ['--only', 'CEP0201'])).status, 0, 'all is well')
})
