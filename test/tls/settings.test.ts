import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { TlsOptions } from '../../src/settings/tls.js'
import { readTlsSettings } from '../../src/settings/tls.js'
import { cipherList } from '../../src/tls/ciphers.js'
import { tlsVersions } from '../../src/tls/versions.js'
import { Authority } from '../support/certificate.js'
import { ProxyProcess } from '../support/proxy.js'

const authority = await Authority.make()
t.teardown(() => authority.remove())
const [one, two, secret] = await Promise.all([
  authority.issue(),
  authority.issue(),
  authority.issue({ passphrase: 'a-passphrase' }),
])
const PAIR = { sslKey: one.keyFile, sslCert: one.certFile }

t.test('what can not be used is named with its option, and no secret is', async (t) => {
  const file = async (name: string, content: string | Buffer) => {
    const path = join(authority.directory, name)
    await writeFile(path, content)
    return path
  }
  const half = await file('half.pem', `${await readFile(one.certFile, 'utf8')}${String(two.cert).slice(0, 200)}`)
  const garbage = await file('garbage.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  const empty = await file('empty.pem', '')
  const encrypted = { sslKey: secret.keyFile, sslCert: secret.certFile }
  const cases: Array<[options: TlsOptions, message: string, env?: NodeJS.ProcessEnv]> = [
    [{ sslKey: one.keyFile }, '--ssl-key and --ssl-cert are needed together.'],
    [{ clientSslCert: one.certFile }, '--client-ssl-key and --client-ssl-cert are needed together.'],
    [{ ...PAIR, sslKey: '/no/such.key' }, "The file of --ssl-key can't be read: ENOENT"],
    [{ ...PAIR, sslKey: two.keyFile }, `The key of --ssl-key (${two.keyFile}) does not belong to the certificate`],
    [{ ...PAIR, sslKey: empty }, `The file of --ssl-key (${empty}) does not hold a whole private key in PEM.`],
    [{ ...PAIR, sslKey: one.certFile }, 'does not hold a whole private key in PEM.'],
    [{ ...PAIR, sslCert: half }, `The file of --ssl-cert (${half}) does not hold whole certificates in PEM.`],
    [{ ...PAIR, sslCert: garbage }, 'does not hold whole certificates in PEM.'],
    [{ ...PAIR, sslCert: one.keyFile }, 'does not hold whole certificates in PEM.'],
    [{ ...PAIR, sslCa: empty, sslRequestCert: true }, `The file of --ssl-ca (${empty}) does not hold whole`],
    [{ clientSslCa: garbage }, `The file of --client-ssl-ca (${garbage}) does not hold whole`],
    [encrypted, `(${secret.keyFile}) is encrypted. Set CONFIGPROXY_SSL_KEY_PASSPHRASE to its passphrase.`],
    [
      encrypted,
      'CONFIGPROXY_SSL_KEY_PASSPHRASE is not its passphrase.',
      { CONFIGPROXY_SSL_KEY_PASSPHRASE: 'wrong-one' },
    ],
    [{ ...PAIR, sslProtocol: 'SSLv3' }, "--ssl-protocol SSLv3 can't be used. Choose one of TLS, SSLv23, TLSv1,"],
    [{ ...PAIR, sslCiphers: 'RC4-SHA:!aNULL' }, '--ssl-ciphers RC4-SHA:!aNULL names no cipher that Envoy has.'],
  ]
  for (const [options, message, env = {}] of cases) {
    const error = await readTlsSettings(options, env).then(
      () => undefined,
      (reason: Error) => reason,
    )
    t.equal(error?.name, 'FatalError', message)
    t.match(error?.message, message)
    t.notMatch(error?.message, /wrong-one|PRIVATE KEY|\n/)
  }
})

t.test('what does nothing is said, and what is as always is not', async (t) => {
  const warnings = async (options: TlsOptions) => (await readTlsSettings(options, {})).warnings.join('\n')
  t.match(await warnings({ sslCa: authority.file }), 'speaks plain HTTP')
  t.match(await warnings({ ...PAIR, sslRejectUnauthorized: true }), 'does nothing without --ssl-request-cert')
  t.match(await warnings({ ...PAIR, sslRequestCert: true }), 'without --ssl-ca')
  t.match(await warnings({ insecure: true }), '--insecure')
  t.equal(await warnings({ ...PAIR, sslRequestCert: true, sslRejectUnauthorized: true, sslCa: authority.file }), '')
  t.equal(await warnings({}), '')
})

t.test('a command that can not serve ends with one line and status 1', async (t) => {
  for (const [args, line] of [
    [['--ssl-key', two.keyFile, '--ssl-cert', one.certFile], /^error: The key of --ssl-key .*\.\n$/],
    [
      ['--ssl-key', one.keyFile, '--ssl-cert', one.certFile, '--ssl-ciphers', 'ECDHE:!ECDHE'],
      /(^|\n)error: .*cipher suites/,
    ],
  ] as const) {
    const proxy = await ProxyProcess.spawn(args)
    t.equal((await proxy.exit()).code, 1)
    t.match(proxy.output, line)
    await proxy.stop()
  }
})

t.test("protocols are CHP's names", async (t) => {
  t.strictSame(tlsVersions(undefined), { min: 'TLSv1.2', max: 'TLSv1.3' })
  t.strictSame(tlsVersions('TLSv1_2'), { min: 'TLSv1.2', max: 'TLSv1.2' })
  t.strictSame(tlsVersions('SSLv23'), { min: 'TLSv1.2', max: 'TLSv1.3' })
  for (const name of ['SSLv2', 'nonsense', 'constructor', '']) t.throws(() => tlsVersions(name), { name: 'FatalError' })
})

t.test('of an OpenSSL list of ciphers what Envoy knows stays, in its order', async (t) => {
  const list = 'ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-SHA256,EECDH+AESGCM HIGH:!RC4:!aNULL:!3DES:-SHA:@STRENGTH'
  t.strictSame(cipherList(list), {
    suites: ['ECDHE-RSA-AES128-GCM-SHA256', 'EECDH+AESGCM', 'HIGH', '!3DES', '-SHA'],
    dropped: ['DHE-RSA-AES128-SHA256', '@STRENGTH'],
  })
  for (const nothing of ['', '!aNULL', 'RC4', 'TLS_AES_128_GCM_SHA256', '!AES']) {
    t.throws(() => cipherList(nothing), { name: 'FatalError' }, nothing)
  }
})
