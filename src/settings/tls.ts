import { rootCertificates } from 'node:tls'
import { FatalError } from '../platform/fatal-error.js'
import type { Reloadable } from '../platform/reloadable.js'
import { reloadable } from '../platform/reloadable.js'
import { cipherList } from '../tls/ciphers.js'
import { readEnvoyKeyPair, uncheckedKinds } from '../tls/envoy-keys.js'
import type { KeyPair, KeyPairFiles, OptionFile } from '../tls/files.js'
import { completeChain, readAuthorities, readKeyPair } from '../tls/files.js'
import type { TlsVersions } from '../tls/versions.js'
import { tlsVersions } from '../tls/versions.js'

/** The options of TLS on the public port and towards targets. */
export interface TlsOptions {
  readonly sslKey?: string
  readonly sslCert?: string
  readonly sslCa?: string
  readonly sslRequestCert?: true
  readonly sslRejectUnauthorized?: true
  readonly sslProtocol?: string
  readonly sslCiphers?: string
  readonly sslAllowRc4?: true
  readonly sslDhparam?: string
  readonly clientSslKey?: string
  readonly clientSslCert?: string
  readonly clientSslCa?: string
  readonly insecure?: true
}

export interface TlsSettings {
  /** Undefined where the public port speaks plain HTTP. */
  readonly public: PublicTls | undefined
  readonly targets: TargetTls
  /** What the options ask for and don't get, in sentences for the log. */
  readonly warnings: readonly string[]
}

export interface PublicTls {
  readonly certificate: Reloadable<KeyPair>
  /** Who must have signed the certificate that a client has to show; undefined where clients need none. */
  readonly clientAuthorities: Reloadable<Buffer> | undefined
  readonly versions: TlsVersions
  /** In the notation of OpenSSL, as far as Envoy knows it; empty for Envoy's own choice. */
  readonly ciphers: readonly string[]
}

export interface TargetTls {
  /** Shown to https targets; undefined if they get none. */
  readonly certificate: Reloadable<KeyPair> | undefined
  /** Who must have signed the certificates of https targets; undefined where they are not checked. */
  readonly authorities: Reloadable<Buffer> | undefined
}

/** The variables of passphrases. What Envoy is started with doesn't have them. */
export const PASSPHRASES = {
  public: 'CONFIGPROXY_SSL_KEY_PASSPHRASE',
  api: 'CONFIGPROXY_API_SSL_KEY_PASSPHRASE',
  client: 'CONFIGPROXY_CLIENT_SSL_KEY_PASSPHRASE',
} as const

/** @throws FatalError if a file can't be used, or an option means nothing that there is */
export async function readTlsSettings(options: TlsOptions, env: NodeJS.ProcessEnv): Promise<TlsSettings> {
  const versions = tlsVersions(options.sslProtocol)
  const list = options.sslCiphers === undefined ? undefined : cipherList(options.sslCiphers)
  const certificate = await readPublicCertificate(options, env)
  // As in CHP a client that is asked must show one: --ssl-reject-unauthorized makes no difference, since Node.js refuses
  // by default.
  const asked = certificate !== undefined && options.sslRequestCert
  const clientAuthorities = asked ? await authoritiesOf('--ssl-ca', options.sslCa, env) : undefined
  const targetAuthorities = options.insecure
    ? undefined
    : await authoritiesOf('--client-ssl-ca', options.clientSslCa, env)
  return {
    public: certificate && {
      certificate,
      clientAuthorities,
      versions,
      ciphers: list?.suites ?? [],
    },
    targets: {
      certificate: await keyPairOf(
        { flag: '--client-ssl-key', path: options.clientSslKey },
        { flag: '--client-ssl-cert', path: options.clientSslCert },
        { variable: PASSPHRASES.client, value: env[PASSPHRASES.client] },
        readEnvoyKeyPair,
      ),
      authorities: targetAuthorities,
    },
    warnings: [
      ...warningsAbout(options, list?.dropped ?? []),
      ...warningsAboutKeys(clientAuthorities),
      ...warningsAboutKeys(targetAuthorities),
    ],
  }
}

async function readPublicCertificate(options: TlsOptions, env: NodeJS.ProcessEnv) {
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

export async function keyPairOf(
  key: MaybeFile,
  certificate: MaybeFile,
  passphrase?: KeyPairFiles['passphrase'],
  read: typeof readKeyPair = readKeyPair,
): Promise<Reloadable<KeyPair> | undefined> {
  if (key.path === undefined && certificate.path === undefined) return undefined
  if (!isNamed(key) || !isNamed(certificate)) {
    throw new FatalError(`${key.flag} and ${certificate.flag} are needed together.`)
  }
  return reloadable(`the certificate of ${certificate.flag}`, [key.path, certificate.path], () =>
    read({ key, certificate, passphrase }),
  )
}

interface MaybeFile {
  readonly flag: string
  readonly path: string | undefined
}

function isNamed(file: MaybeFile): file is OptionFile {
  return file.path !== undefined
}

/** Those of the file, else those that Node.js trusts. */
export async function authoritiesOf(
  flag: string,
  path: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Reloadable<Buffer>> {
  const paths = path === undefined ? [] : [path]
  return reloadable(`the authorities of ${flag}`, paths, () =>
    path === undefined ? nodeAuthorities(env) : readAuthorities({ flag, path }),
  )
}

async function nodeAuthorities({ NODE_EXTRA_CA_CERTS: extra }: NodeJS.ProcessEnv): Promise<Buffer> {
  const pem = rootCertificates.join('\n')
  if (!extra) return Buffer.from(pem)
  return Buffer.concat([Buffer.from(`${pem}\n`), await readAuthorities({ flag: 'NODE_EXTRA_CA_CERTS', path: extra })])
}

function* warningsAbout(options: TlsOptions, droppedCiphers: readonly string[]): Iterable<string> {
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
  if (options.insecure) yield '--insecure: the certificates of https targets are not checked'
}

/** Of a file of authorities; Node.js's own have no such keys. */
function* warningsAboutKeys(authorities: Reloadable<Buffer> | undefined): Iterable<string> {
  if (authorities === undefined || authorities.paths.length === 0) return
  const kinds = uncheckedKinds(authorities.first)
  if (kinds.length > 0) {
    yield `Some of ${authorities.what} have keys that Envoy can't check signatures of (${kinds.join(', ')}): certificates that they have signed are refused`
  }
}
