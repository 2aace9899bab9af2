import type { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { certificatesIn } from '../../tls/files.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export interface AuthorityFacts {
  /** By the option that names their file. */
  readonly files: ReadonlyMap<string, readonly X509Certificate[]>
  readonly now: Date
}

export const AUTHORITIES: Check<Subject, AuthorityFacts> = {
  code: 'CEP0451',
  question:
    'Are the authorities of --ssl-ca, --api-ssl-ca, --client-ssl-ca, --xds-ssl-ca and --otlp-ssl-ca valid today?',
  fatal: false,
  remedy: 'Replace the file by one with the new authority: openssl x509 -noout -dates -in FILE',
  async gather({ values: { sslCa, apiSslCa, clientSslCa, xdsSslCa, otlpSslCa } }) {
    const options = Object.entries({
      '--ssl-ca': sslCa,
      '--api-ssl-ca': apiSslCa,
      '--client-ssl-ca': clientSslCa,
      '--xds-ssl-ca': xdsSslCa,
      '--otlp-ssl-ca': otlpSslCa,
    })
    const files = new Map<string, readonly X509Certificate[]>()
    for (const [option, path] of options)
      if (path !== undefined) files.set(option, certificatesIn(await readFile(path)))
    if (files.size === 0) throw new Inapplicable('none is given')
    return { files, now: new Date() }
  },
  judge({ files, now }) {
    const bad = [...files].flatMap(([option, certificates]) =>
      certificates
        .filter(({ validTo }) => new Date(validTo) < now)
        .map(({ subject, validTo }) => `${subject.replaceAll('\n', ', ')} of ${option} expired on ${validTo}`),
    )
    return bad.length === 0 ? ok([...files.keys()].join(', ')) : failed(bad.join('; '))
  },
}
