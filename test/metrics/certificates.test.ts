import { X509Certificate } from 'node:crypto'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { parseCommandLine } from '../../src/cli/command-line.js'
import { certificatesInUse } from '../../src/metrics/certificates.js'
import { onReload } from '../../src/platform/reloadable.js'
import { readSettings } from '../../src/settings/settings.js'
import { Authority } from '../support/certificate.js'
import { eventually } from '../support/wait.js'

const authority = await Authority.make()
t.teardown(() => authority.remove())
const endOf = (pem: Buffer) => new Date(new X509Certificate(pem).validTo).toISOString()

t.test('every certificate file in use is there with its end, and a renewed one once it is in use', async (t) => {
  const [first, expired] = [await authority.issue(), await authority.expired()]
  const [key, cert] = [join(authority.directory, 'tls.key'), join(authority.directory, 'tls.crt')]
  const write = ({ keyFile, certFile }: typeof first) => Promise.all([copyFile(keyFile, key), copyFile(certFile, cert)])
  await write(first)
  const settings = await readSettings(
    parseCommandLine(
      [
        ...['--ssl-key', key, '--ssl-cert', cert, '--ssl-ca', authority.file, '--ssl-request-cert'],
        ...['--client-ssl-key', first.keyFile, '--client-ssl-cert', first.certFile, '--client-ssl-ca', authority.file],
        ...['--api-ssl-key', first.keyFile, '--api-ssl-cert', first.certFile, '--api-ssl-ca', authority.file],
      ],
      [],
    ).values,
    { CONFIGPROXY_AUTH_TOKEN: 'x' },
  )
  const shown = () =>
    certificatesInUse(settings).map(({ option, path, expires }) => [option, path, expires.toISOString()])
  t.strictSame(shown(), [
    ['--ssl-cert', cert, endOf(first.cert)],
    ['--ssl-ca', authority.file, endOf(authority.cert)],
    ['--client-ssl-cert', first.certFile, endOf(first.cert)],
    ['--client-ssl-ca', authority.file, endOf(authority.cert)],
    ['--api-ssl-cert', first.certFile, endOf(first.cert)],
    ['--api-ssl-ca', authority.file, endOf(authority.cert)],
  ])
  const source = settings.tls.public?.certificate
  if (source === undefined) throw new Error('there is no certificate')
  const watch = onReload(source, () => {}, pino({ level: 'silent' }))
  t.teardown(() => watch.close())
  await write(expired)
  t.equal(shown()[0]?.[2], endOf(first.cert), 'what is in the file is not yet in use')
  await eventually(() => shown()[0]?.[2] === endOf(expired.cert), 'it is in use')
})

t.test('without certificate files there are none, although those that Node.js brings are trusted', async (t) => {
  const settings = await readSettings(parseCommandLine([], []).values, { CONFIGPROXY_AUTH_TOKEN: 'x' })
  t.strictSame(certificatesInUse(settings), [])
})
