import type { Reloadable } from '../platform/reloadable.js'
import { reloadable } from '../platform/reloadable.js'
import { cipherList } from '../tls/ciphers.js'
import { readEnvoyKeyPair } from '../tls/envoy-keys.js'
import type { KeyPair } from '../tls/files.js'
import { completeChain, readAuthorities } from '../tls/files.js'
import type { TlsVersions } from '../tls/versions.js'
import { tlsVersions } from '../tls/versions.js'
import type { OptionSpec, OptionValues } from './option.js'
import { authoritiesOf, keyPairOf, PASSPHRASES, warningsAboutKeys } from './tls-files.js'

/** TLS on the public port. */
export const PUBLIC_TLS_OPTIONS = [
  { flags: '--ssl-key <keyfile>', description: 'TLS key of the public port' },
  { flags: '--ssl-cert <certfile>', description: 'TLS certificate of the public port' },
  { flags: '--ssl-ca <ca-file>', description: 'Authorities of client certificates on the public port' },
  { flags: '--ssl-request-cert', description: 'Refuse clients without a valid certificate' },
  { flags: '--ssl-reject-unauthorized', description: 'Goes with --ssl-request-cert' },
  { flags: '--ssl-protocol <ssl-protocol>', description: 'TLS version to use, such as TLSv1_2' },
  { flags: '--ssl-ciphers <ciphers>', description: 'Colon-separated list of TLS ciphers' },
  { flags: '--ssl-allow-rc4', description: 'Does nothing: Envoy has no RC4' },
  {
    flags: '--ssl-dhparam <dhparam-file>',
    description: 'Does nothing: Envoy exchanges keys by elliptic curves only',
  },
] as const satisfies readonly OptionSpec[]

export type PublicTlsOptions = OptionValues<typeof PUBLIC_TLS_OPTIONS>

export interface PublicTlsSettings {
  /** Undefined where the public port speaks plain HTTP. */
  readonly tls: PublicTls | undefined
  /** About options that have no effect, or not the one they seem to have. */
  readonly warnings: readonly string[]
}

export interface PublicTls {
  readonly certificate: Reloadable<KeyPair>
  /** The authorities of client certificates; undefined if clients need no certificate. */
  readonly clientAuthorities: Reloadable<Buffer> | undefined
  readonly versions: TlsVersions
  /** Those of --ssl-ciphers that Envoy has, by their OpenSSL names; empty for Envoy's own choice. */
  readonly ciphers: readonly string[]
}

/** @throws FatalError if a file can't be used, or an option has an unsupported value */
export async function readPublicTls(options: PublicTlsOptions, env: NodeJS.ProcessEnv): Promise<PublicTlsSettings> {
  const versions = tlsVersions(options.sslProtocol)
  const list = options.sslCiphers === undefined ? undefined : cipherList(options.sslCiphers)
  const certificate = await readPublicCertificate(options, env)
  // As in CHP a client that is asked must show a certificate. --ssl-reject-unauthorized makes no difference: Node.js
  // refuses by default.
  const asked = certificate !== undefined && options.sslRequestCert
  const clientAuthorities = asked ? await authoritiesOf('--ssl-ca', options.sslCa, env) : undefined
  return {
    tls: certificate && { certificate, clientAuthorities, versions, ciphers: list?.suites ?? [] },
    warnings: [...warningsAbout(options, list?.dropped ?? []), ...warningsAboutKeys(clientAuthorities)],
  }
}

async function readPublicCertificate(options: PublicTlsOptions, env: NodeJS.ProcessEnv) {
  const pair = await keyPairOf(
    { flag: '--ssl-key', path: options.sslKey },
    { flag: '--ssl-cert', path: options.sslCert },
    { variable: PASSPHRASES.public, value: env[PASSPHRASES.public] },
    readEnvoyKeyPair,
  )
  if (pair === undefined || options.sslCa === undefined) return pair
  const ca = { flag: '--ssl-ca', path: options.sslCa }
  return reloadable(pair.what, [...pair.paths, ca.path], async () =>
    completeChain(await pair.read(), await readAuthorities(ca)),
  )
}

function* warningsAbout(options: PublicTlsOptions, droppedCiphers: readonly string[]): Iterable<string> {
  const { sslCert, sslCa, sslRequestCert, sslRejectUnauthorized } = options
  if (sslCert === undefined && (sslCa !== undefined || sslRequestCert || sslRejectUnauthorized)) {
    yield 'The public port speaks plain HTTP: --ssl-ca, --ssl-request-cert and --ssl-reject-unauthorized do nothing without --ssl-key and --ssl-cert'
  } else if (sslRejectUnauthorized && !sslRequestCert) {
    yield '--ssl-reject-unauthorized does nothing without --ssl-request-cert: clients need no certificate'
  } else if (sslRequestCert && sslCa === undefined) {
    yield '--ssl-request-cert without --ssl-ca: a certificate of any public authority lets a client in'
  }
  if (options.sslDhparam !== undefined) {
    yield '--ssl-dhparam does nothing: Envoy exchanges keys by elliptic curves only'
  }
  if (options.sslAllowRc4) yield '--ssl-allow-rc4 does nothing: Envoy has no RC4'
  if (droppedCiphers.length > 0) {
    yield `--ssl-ciphers: Envoy has no ${droppedCiphers.join(', ')}; using the others`
  }
}
