import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

const authority = await Authority.make()
const { keyFile, certFile } = await authority.issue()
const TLS = ['--ssl-key', keyFile, '--ssl-cert', certFile]
t.teardown(() => authority.remove())

/** One https request; answers with the body. */
function askTls(port: number, path: string, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ port, path, ca: authority.cert, agent: false, ...options }, (response) =>
      text(response).then(resolve, reject),
    )
      .on('error', reject)
      .end()
  })
}

/** The version and the cipher of a connection; `refused` if there is none. */
async function spoken(port: number, options: ConnectionOptions): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert, ...options })
  try {
    await once(socket, 'secureConnect')
    return `${socket.getProtocol()} ${socket.getCipher().name}`
  } catch {
    return 'refused'
  } finally {
    socket.destroy()
  }
}

for (const passphrase of [undefined, 'a-passphrase']) {
  t.test(`the public port speaks TLS, with a key ${passphrase ? 'under a passphrase' : 'as it is'}`, async (t) => {
    const own = await authority.issue()
    // As Envoy by itself would not read it.
    if (passphrase !== undefined) {
      const protect = ['pkcs8', '-topk8', '-scrypt', '-in', own.keyFile, '-passout', `pass:${passphrase}`]
      await promisify(execFile)('openssl', [...protect, '-out', `${own.keyFile}.new`])
      await rename(`${own.keyFile}.new`, own.keyFile)
      await writeFile(own.certFile, `\uFEFF${own.cert}`)
    }
    const backend = await Backend.start('a')
    const proxy = await ProxyProcess.start(
      ['--ssl-key', own.keyFile, '--ssl-cert', own.certFile, '--default-target', backend.url],
      { env: { CONFIGPROXY_SSL_KEY_PASSPHRASE: passphrase } },
    )
    t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
    const echo = JSON.parse(await askTls(proxy.port, '/x')) as { name: string; rawHeaders: string[] }
    t.equal(echo.name, 'a')
    t.equal(echo.rawHeaders[echo.rawHeaders.indexOf('x-forwarded-proto') + 1], 'https')
    const socket = new WebSocket(`wss://localhost:${proxy.port}/ws`, { ca: authority.cert })
    await once(socket, 'open')
    socket.send('hello')
    t.equal(String((await once(socket, 'message'))[0]), 'hello')
    socket.close()
    await once(socket, 'close')
    await t.rejects(ask(proxy.port, '/x'), 'and nothing else')
    t.notMatch(proxy.output, /a-passphrase|PRIVATE KEY/, 'neither passphrase nor key is in the log')
  })
}

t.test('--ssl-protocol is the one version that is spoken, and without it there are 1.2 and 1.3', async (t) => {
  const versions = ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
  for (const [args, expected] of [
    [[], ['TLSv1.2', 'TLSv1.3']],
    [['--ssl-protocol', 'TLSv1_2'], ['TLSv1.2']],
    [['--ssl-protocol', 'TLSv1_1'], ['TLSv1.1']],
  ] as const) {
    const proxy = await ProxyProcess.start([...TLS, ...args])
    try {
      const found = await Promise.all(
        versions.map((version) =>
          spoken(proxy.port, { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' }),
        ),
      )
      const understood = found.filter((answer) => answer !== 'refused').map((answer) => answer.split(' ')[0])
      t.strictSame(understood, expected, args.join(' '))
    } finally {
      await proxy.stop()
    }
  }
})

t.test('--ssl-ciphers are those that are spoken, and what Envoy has not is named', async (t) => {
  const list = 'DHE-RSA-AES128-SHA:ECDHE+AESGCM:!AES256:!aNULL'
  const proxy = await ProxyProcess.start([...TLS, '--ssl-ciphers', list, '--ssl-dhparam', '/dh.pem', '--ssl-allow-rc4'])
  t.teardown(() => proxy.stop())
  const maxVersion = 'TLSv1.2'
  t.match(await spoken(proxy.port, { maxVersion }), 'ECDHE-ECDSA-AES128-GCM-SHA256')
  t.equal(await spoken(proxy.port, { maxVersion, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }), 'refused')
  t.equal(await spoken(proxy.port, { maxVersion, ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' }), 'refused')
  t.match(proxy.output, 'warn: --ssl-ciphers: Envoy has no DHE-RSA-AES128-SHA; using the others')
  t.match(proxy.output, 'warn: --ssl-dhparam does nothing')
  t.match(proxy.output, 'warn: --ssl-allow-rc4 does nothing')
})

t.test('with --ssl-request-cert a client must show a certificate of the authorities', async (t) => {
  const [clients, backend] = await Promise.all([Authority.make('clients'), Backend.start('a')])
  const [known, stranger] = await Promise.all([clients.issue(), authority.issue()])
  const proxy = await ProxyProcess.start([
    ...[...TLS, '--default-target', backend.url, '--ssl-request-cert', '--ssl-ca', clients.file],
  ])
  t.teardown(() => Promise.all([proxy.stop(), backend.stop(), clients.remove()]))
  t.match(await askTls(proxy.port, '/x', { key: known.key, cert: known.cert }), '"name":"a"')
  await t.rejects(askTls(proxy.port, '/x', { key: stranger.key, cert: stranger.cert }), 'one of others')
  await t.rejects(askTls(proxy.port, '/x'), 'none')
})

t.test('authorities in --ssl-ca make the chain complete, as OpenSSL does', async (t) => {
  const intermediate = await authority.intermediate()
  const own = await intermediate.issue()
  const proxy = await ProxyProcess.start([
    ...['--ssl-key', own.keyFile, '--ssl-cert', own.certFile, '--ssl-ca', intermediate.file],
  ])
  t.teardown(() => proxy.stop())
  t.match(await spoken(proxy.port, {}), 'TLSv1.3', 'who trusts the root alone is satisfied')
  const socket: TLSSocket = connect({ port: proxy.port, host: '127.0.0.1', ca: authority.cert })
  await once(socket, 'secureConnect')
  t.equal(socket.getPeerCertificate(true).issuerCertificate.subject.CN, 'intermediate')
  socket.destroy()
})
