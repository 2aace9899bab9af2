import type { SecureContextOptions } from 'node:tls'
import type { Reloadable } from '../platform/reloadable.js'
import type { Settings } from '../settings/settings.js'
import type { KeyPair } from '../tls/files.js'
import { certificatesIn } from '../tls/files.js'
import type { CertificateInUse } from './snapshot.js'

type InUse = Pick<Settings, 'tls' | 'api' | 'external' | 'tracing'>

/** Every certificate and every file of authorities in use, as they are now: a changed file counts once it is in use. */
export function certificatesInUse({ tls, api, external, tracing }: InUse): CertificateInUse[] {
  return [
    ...chain('--ssl-cert', tls.public?.certificate),
    ...authorities('--ssl-ca', tls.public?.clientAuthorities),
    ...chain('--client-ssl-cert', tls.targets.certificate),
    ...authorities('--client-ssl-ca', tls.targets.authorities),
    ...ofApi(api.tls?.context),
    ...chain('--xds-ssl-cert', external?.tls?.certificate),
    ...authorities('--xds-ssl-ca', external?.tls?.authorities),
    ...authorities('--otlp-ssl-ca', tracing?.authorities),
  ]
}

function chain(option: string, source: Reloadable<KeyPair> | undefined): CertificateInUse[] {
  const [, path] = source?.paths ?? []
  return source === undefined || path === undefined
    ? []
    : [{ option, path, expires: first(endsOf(source.current().chain)) }]
}

/** Those that Node.js brings along are of no file. */
function authorities(option: string, source: Reloadable<Buffer> | undefined): CertificateInUse[] {
  const [path] = source?.paths ?? []
  return source === undefined || path === undefined ? [] : [{ option, path, expires: next(endsOf(source.current())) }]
}

function ofApi(source: Reloadable<SecureContextOptions> | undefined): CertificateInUse[] {
  if (source === undefined) return []
  const [, certificate, ca] = source.paths
  const { cert, ca: trusted } = source.current()
  return [
    ...(certificate === undefined
      ? []
      : [{ option: '--api-ssl-cert', path: certificate, expires: first(endsOf(cert)) }]),
    ...(ca === undefined ? [] : [{ option: '--api-ssl-ca', path: ca, expires: next(endsOf(trusted)) }]),
  ]
}

const known = new WeakMap<Buffer, readonly number[]>()

/** When the certificates of a text in PEM end, ascending. It is read once: a file of authorities may have hundreds. */
function endsOf(pem: unknown): readonly number[] {
  if (!Buffer.isBuffer(pem)) return []
  const ends =
    known.get(pem) ??
    certificatesIn(pem)
      .map(({ validTo }) => Date.parse(validTo))
      .sort((a, b) => a - b)
  known.set(pem, ends)
  return ends
}

function first(ends: readonly number[]): Date {
  return new Date(ends[0] ?? 0)
}

/** An authority that has ended beside others that haven't is ordinary. */
function next(ends: readonly number[]): Date {
  return new Date(ends.find((end) => end > Date.now()) ?? ends.at(-1) ?? 0)
}
