import { once } from 'node:events'
import { copyFile, rename, writeFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { connect } from 'node:tls'
import t from 'tap'
import { Authority } from '../support/certificate.js'
import { commandLine } from '../support/command-line.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const [authority, stranger] = await Promise.all([Authority.make(), Authority.make('stranger')])
t.teardown(() => Promise.all([authority.remove(), stranger.remove()]))

interface TlsAnswer {
  readonly status: number
  readonly body: string
  /** The serial number of the server's certificate. */
  readonly serial: string
}

/** A call of the REST API over TLS. */
function call(proxy: ProxyProcess, options: RequestOptions = {}, body?: string): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const target = { port: proxy.apiPort, host: '127.0.0.1', path: '/api/routes', ca: authority.cert, agent: false }
    request({ ...target, headers: { authorization: `token ${TOKEN}` }, ...options }, (response) => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate() as PeerCertificate
      text(response).then(
        (content) => resolve({ status: response.statusCode ?? 0, body: content, serial: serialNumber }),
        reject,
      )
    })
      .on('error', reject)
      .end(body)
  })
}

t.test('the hub and the proxy know each other by certificates, as with internal_ssl', async (t) => {
  const [server, hub, thief] = await Promise.all([
    authority.issue({ passphrase: 'a-passphrase' }),
    authority.issue(),
    stranger.issue(),
  ])
  const proxy = await ProxyProcess.start(
    [
      ...['--api-ssl-key', server.keyFile, '--api-ssl-cert', server.certFile, '--api-ssl-ca', authority.file],
      ...['--api-ssl-request-cert', '--api-ssl-reject-unauthorized'],
    ],
    { env: { CONFIGPROXY_API_SSL_KEY_PASSPHRASE: 'a-passphrase' } },
  )
  t.teardown(() => proxy.stop())
  await eventually(
    () => proxy.output.includes(`Proxy API at https://127.0.0.1:${proxy.apiPort}/api/routes`),
    'it says so',
  )

  const own = { key: hub.key, cert: hub.cert }
  const target = JSON.stringify({ target: 'http://127.0.0.1:1' })
  t.equal((await call(proxy, { ...own, method: 'POST', path: '/api/routes/a' }, target)).status, 201)
  t.match((await call(proxy, own)).body, '"/a"')
  t.equal((await call(proxy, { ...own, headers: {} })).status, 403, 'the token is wanted all the same')
  await t.rejects(call(proxy), 'a client without a certificate is refused')
  await t.rejects(call(proxy, { key: thief.key, cert: thief.cert }), "and one with a stranger's")
  await eventually(() => proxy.output.includes('The REST API refused a TLS connection: '), 'the log says why')
  await t.rejects(proxy.api('GET', ''), 'plain HTTP is refused')
  t.notMatch(proxy.output, /a-passphrase|PRIVATE KEY/)
})

t.test('a client needs no certificate where none is asked for, and the TLS version can be chosen', async (t) => {
  const server = await authority.issue()
  const pair = ['--api-ssl-key', server.keyFile, '--api-ssl-cert', server.certFile]
  const proxy = await ProxyProcess.start([...pair, '--api-ssl-ca', stranger.file, '--ssl-protocol', 'TLSv1_2'])
  t.teardown(() => proxy.stop())
  t.equal((await call(proxy)).status, 200)
  t.equal((await call(proxy, { maxVersion: 'TLSv1.2' })).status, 200)
  await t.rejects(call(proxy, { minVersion: 'TLSv1.3' }))
})

t.test('new certificates are used without dropping a connection, and broken ones are kept out', async (t) => {
  const [first, second, other] = await Promise.all([authority.issue(), authority.issue(), authority.issue()])
  const [keyFile, certFile] = [join(authority.directory, 'live.key'), join(authority.directory, 'live.pem')]
  await Promise.all([copyFile(first.keyFile, keyFile), copyFile(first.certFile, certFile)])
  const proxy = await ProxyProcess.start(['--api-ssl-key', keyFile, '--api-ssl-cert', certFile])
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  const idle = connect({ port: proxy.apiPort, host: '127.0.0.1', ca: authority.cert })
  t.teardown(() => Promise.all([proxy.stop(), kept.destroy(), idle.destroy()]))
  await once(idle, 'secureConnect')
  const { serial } = await call(proxy, { agent: kept })

  await writeFile(certFile, other.cert)
  await eventually(() => /warn: .*--api-ssl-key.*does not belong to.*--api-ssl-cert/.test(proxy.output), 'it warns')
  t.equal((await call(proxy)).serial, serial, 'the old pair stays in use')

  await Promise.all([copyFile(second.keyFile, `${keyFile}.new`), copyFile(second.certFile, `${certFile}.new`)])
  await Promise.all([rename(`${keyFile}.new`, keyFile), rename(`${certFile}.new`, certFile)])
  await eventually(async () => (await call(proxy)).serial !== serial, 'the new pair is used')
  t.equal((await call(proxy, { agent: kept })).serial, serial, 'the connection of before goes on')
  t.equal(idle.readyState, 'open')
})

t.test('certificates that can not be used are refused in one line', async (t) => {
  const [one, two] = await Promise.all([authority.issue(), authority.issue({ passphrase: 'secret' })])
  const pair = ['--api-ssl-key', one.keyFile, '--api-ssl-cert', one.certFile]
  const cases: Array<[args: string[], line: RegExp]> = [
    [['--api-ssl-key', one.keyFile], /--api-ssl-key and --api-ssl-cert are needed together/],
    [['--api-ssl-ca', one.certFile], /--api-ssl-ca and --api-ssl-request-cert need --api-ssl-key and --api-ssl-cert/],
    [['--api-ssl-request-cert'], /--api-ssl-request-cert need --api-ssl-key/],
    [['--api-ssl-key', two.keyFile, '--api-ssl-cert', two.certFile], /CONFIGPROXY_API_SSL_KEY_PASSPHRASE/],
    [['--api-ssl-key', one.keyFile, '--api-ssl-cert', two.certFile], /--api-ssl-key.*does not belong to/],
    [[...pair, '--api-ssl-ca', '/no/ca.pem'], /--api-ssl-ca can't be read: ENOENT/],
    [[...pair, '--ssl-protocol', 'SSLv3'], /--ssl-protocol SSLv3 can't be used/],
  ]
  for (const [args, line] of cases) {
    const { code, stderr } = await commandLine(args)
    t.equal(code, 1, args.join(' '))
    t.match(stderr, line)
    t.match(stderr, /^error: [^\n]*\n$/)
  }
})
