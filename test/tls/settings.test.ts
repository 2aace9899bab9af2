import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
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

const openssl = (...args: string[]) => promisify(execFile)('openssl', args)

async function written(path: string, content: string): Promise<string> {
  await writeFile(path, content)
  return path
}

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

t.test('keys and certificates that OpenSSL reads are handed over as Envoy reads them', async (t) => {
  const { keyFile, certFile, key, cert } = await authority.issue()
  const dir = authority.directory
  const env = { CONFIGPROXY_SSL_KEY_PASSPHRASE: 'a-passphrase', CONFIGPROXY_CLIENT_SSL_KEY_PASSPHRASE: 'a-passphrase' }
  const read = async (sslKey: string, sslCert: string) => {
    const { public: at, targets } = await readTlsSettings(
      { sslKey, sslCert, clientSslKey: sslKey, clientSslCert: sslCert, clientSslCa: sslCert },
      env,
    )
    t.strictSame(targets.certificate?.first, at?.certificate.first)
    return { ...at?.certificate.first, authorities: targets.authorities?.first }
  }
  const plain = await read(keyFile, certFile)
  t.equal(String(plain.key), String(key))
  t.equal(String(plain.chain), String(cert))
  t.equal(String(plain.authorities), String(cert))
  const protect = async (name: string, ...how: string[]) => {
    const file = join(dir, name)
    await openssl('pkcs8', '-topk8', '-in', keyFile, ...how, '-passout', 'pass:a-passphrase', '-out', file)
    return file
  }
  const keys = [
    await protect('scrypt.key', '-scrypt'),
    await protect('sha512.key', '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512'),
    await protect('camellia.key', '-v2', 'camellia-256-cbc'),
    await written(join(dir, 'bom.key'), `\uFEFF${key}`),
    await written(join(dir, 'crlf.key'), String(key).replaceAll('\n', '\r\n')),
  ]
  for (const file of keys) t.strictSame(await read(file, certFile), plain, file)
  await openssl('x509', '-in', certFile, '-trustout', '-addtrust', 'serverAuth', '-out', join(dir, 'trusted.pem'))
  const certificates = [
    join(dir, 'trusted.pem'),
    await written(join(dir, 'x509.pem'), String(cert).replaceAll('CERTIFICATE', 'X509 CERTIFICATE')),
    await written(join(dir, 'bom.pem'), `\uFEFF${cert}`),
    await written(join(dir, 'text.pem'), `Subject: who\r\n${String(cert).replaceAll('\n', '\r\n')}`),
  ]
  for (const file of certificates) t.strictSame(await read(keyFile, file), plain, file)
})

t.test('a key that Envoy can not use is named with its kind', async (t) => {
  const kinds: Array<[newKey: readonly string[], kind: string]> = [
    [['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'], 'RSA-PSS'],
    [['ed448'], 'ED448'],
    [['ec', '-pkeyopt', 'ec_paramgen_curve:P-224'], 'EC on secp224r1'],
    [
      ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'],
      'EC with explicit parameters instead of a curve',
    ],
  ]
  for (const [newKey, kind] of kinds) {
    const { keyFile, certFile } = await authority.issue({ newKey })
    const message = `(${keyFile}): it is ${kind}. Take an RSA key of 2048 bits or more, or an EC key on P-256, P-384, P-521.`
    const pair = { sslKey: keyFile, sslCert: certFile }
    await t.rejects(readTlsSettings(pair, {}), {
      name: 'FatalError',
      message: `Envoy can't use the key of --ssl-key ${message}`,
    })
    await t.rejects(readTlsSettings({ clientSslKey: keyFile, clientSslCert: certFile }, {}), {
      message: `Envoy can't use the key of --client-ssl-key ${message}`,
    })
    const { warnings } = await readTlsSettings({ ...PAIR, clientSslCa: certFile }, {})
    t.match(warnings.join(), `authorities of --client-ssl-ca have keys that Envoy can't check signatures of (${kind})`)
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
