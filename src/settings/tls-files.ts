import { rootCertificates } from 'node:tls'
import { FatalError } from '../platform/fatal-error.js'
import type { Reloadable } from '../platform/reloadable.js'
import { reloadable } from '../platform/reloadable.js'
import { uncheckedKinds } from '../tls/envoy-keys.js'
import type { KeyPair, KeyPairFiles, OptionFile } from '../tls/files.js'
import { readAuthorities, readKeyPair } from '../tls/files.js'

/** The environment variables that hold passphrases. They are removed before Envoy starts. */
export const PASSPHRASES = {
  public: 'CONFIGPROXY_SSL_KEY_PASSPHRASE',
  api: 'CONFIGPROXY_API_SSL_KEY_PASSPHRASE',
  client: 'CONFIGPROXY_CLIENT_SSL_KEY_PASSPHRASE',
} as const

/**
 * The key pair of two options; undefined if neither is given.
 *
 * @throws FatalError if only one is given, or a file can't be used
 */
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

/** The authorities in a file; without one, those that Node.js trusts. */
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

/** About keys of authorities in a file that Envoy can't use; Node.js's own authorities have none of them. */
export function* warningsAboutKeys(authorities: Reloadable<Buffer> | undefined): Iterable<string> {
  if (authorities === undefined || authorities.paths.length === 0) return
  const kinds = uncheckedKinds(authorities.first)
  if (kinds.length > 0) {
    yield `Some of ${authorities.what} have keys that Envoy can't check signatures of (${kinds.join(', ')}): certificates that they have signed are refused`
  }
}
