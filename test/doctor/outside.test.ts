import { join } from 'node:path'
import t from 'tap'
import { examine } from '../../src/doctor/examine.js'
import type { Result } from '../../src/doctor/model/check.js'
import { withVisit } from '../../src/doctor/outside/visit.js'
import { OUTSIDE_CHECKS } from '../../src/doctor/outside-checks.js'
import { Authority } from '../support/certificate.js'
import { without } from '../support/installed.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess, STATE, TOKEN } from '../support/proxy.js'
import { subject } from './examined.js'
import { linesBut, startNginx } from './nginx.js'

/** Each fault of what stands in front, the check that finds it, and the line that mends it. */
const FAULTS = [
  ['buffering on', { buffering: '' }, 'CEP0824', /nginx: proxy_buffering off;/],
  ['a limit of 1 MB', { size: 'client_max_body_size 1m;' }, 'CEP0823', /nginx: client_max_body_size 0;/],
  [
    'no Upgrade headers',
    { upgrade: '' },
    'CEP0821',
    /proxy_http_version 1\.1; proxy_set_header Upgrade \$http_upgrade;/,
  ],
  ['an idle timeout of 1 s', { timeouts: 'proxy_read_timeout 1s;' }, 'CEP0822', /nginx: proxy_read_timeout 1d;/],
  ['a wrong scheme', { proto: 'proxy_set_header X-Forwarded-Proto https;' }, 'CEP0825', /X-Forwarded-Proto \$scheme;/],
  ['the Host of the target', { host: '' }, 'CEP0827', /nginx: proxy_set_header Host \$http_host;/],
  ['no address', { for: 'proxy_set_header X-Forwarded-For unknown;' }, 'CEP0826', /\$proxy_add_x_forwarded_for;/],
  ['a path in proxy_pass', { pass: '/' }, 'CEP0828', /a proxy_pass without a path/],
] as const

const skip = await without('nginx', 'nginx-light')

t.test('faults of nginx in front are named, each with the line that mends it', { skip }, async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const { keyFile, certFile } = await authority.issue()
  const [good = 0, tls = 0, nowhere = 0, dead = 0, ...bad] = await freePorts(FAULTS.length + 4)
  const certificate = [`ssl_certificate ${certFile};`, `ssl_certificate_key ${keyFile};`]
  await startNginx(t, [
    { port: good, location: linesBut(proxy.url) },
    { port: tls, listen: 'ssl http2', server: certificate, location: linesBut(proxy.url) },
    { port: nowhere, location: linesBut(`http://127.0.0.1:${dead}`) },
    ...FAULTS.map(([, changes], at) => {
      const pass = 'pass' in changes ? { pass: `proxy_pass ${proxy.url}/;` } : {}
      return { port: bad[at] ?? 0, location: linesBut(proxy.url, { ...changes, ...pass }) }
    }),
  ])
  const examined = await subject(
    ['--ip', '127.0.0.1', '--port', String(proxy.port), '--api-ip', '127.0.0.1', '--api-port', String(proxy.apiPort)],
    {
      ...process.env,
      ...{ XDG_RUNTIME_DIR: proxy.runtimeBase, XDG_STATE_HOME: join(proxy.runtimeBase, STATE) },
      CONFIGPROXY_AUTH_TOKEN: TOKEN,
    },
  )
  const from = async (publicUrl: string, idleMs = 1_700): Promise<Record<string, Result>> => {
    const options = { publicUrl, echoAddress: undefined, idleMs }
    const results = await withVisit(examined, options, new AbortController().signal, (visit) =>
      examine(visit, OUTSIDE_CHECKS),
    )
    return Object.fromEntries(results.map((result) => [result.code, result]))
  }
  const failures = (found: Record<string, Result>) =>
    Object.values(found).flatMap(({ code, state }) => (state === 'failed' || state === 'undone' ? [code] : []))

  await t.test('none if nginx is as the documents have it', async (t) => {
    const found = await from(`http://127.0.0.1:${good}`)
    t.strictSame(failures(found), [], JSON.stringify(found))
  })
  await t.test('none but the private authority over TLS', async (t) => {
    const found = await from(`https://localhost:${tls}/`)
    t.strictSame(failures(found), ['CEP0811', 'CEP0812'], JSON.stringify(found))
    t.match(found.CEP0811, { finding: /an intermediate certificate is missing, or its authority/ })
    t.match(found.CEP0813, { state: 'ok', finding: 'it answers 200' })
  })
  for (const [at, [name, , code, line]] of FAULTS.entries()) {
    await t.test(name, async (t) => {
      const found = await from(`http://127.0.0.1:${bad[at]}`)
      const expected = code === 'CEP0821' ? ['CEP0821', 'CEP0822'] : [code]
      t.strictSame(failures(found), expected, JSON.stringify(found))
      t.match(found[code], { state: 'failed', remedy: line })
    })
  }
  await t.test('a front that leads elsewhere leaves the rest unknown', async (t) => {
    const found = await from(`http://127.0.0.1:${nowhere}`)
    t.match(found.CEP0801, { state: 'ok' })
    t.match(found.CEP0802, { state: 'failed', finding: /can't reach the proxy: 502/, remedy: /proxy_pass/ })
    t.match(found.CEP0821, { state: 'undone', finding: /CEP0802/ })
  })
  t.notMatch(await (await proxy.api('GET', '')).text(), /_cep-doctor/, 'no temporary route is left')
})
