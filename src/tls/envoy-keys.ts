import type { KeyExportOptions, KeyObject } from 'node:crypto'
import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FatalError } from '../platform/fatal-error.js'
import type { KeyPairFiles, OptionFile } from './files.js'
import { certificatesIn, readKeyPair } from './files.js'

/** The curves that Envoy knows, by OpenSSL's names. With another it refuses the certificate, or each connection. */
const CURVES = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/**
 * Like {@link readKeyPair}, for a pair that Envoy will use.
 *
 * @throws FatalError also for a key that OpenSSL can use and Envoy's BoringSSL can't
 */
export async function readEnvoyKeyPair(files: KeyPairFiles): ReturnType<typeof readKeyPair> {
  const pair = await readKeyPair(files)
  const kind = lacking(createPrivateKey(pair.key))
  if (kind === undefined) return pair
  const { flag, path } = files.key
  throw new FatalError(
    `Envoy can't use the key of ${flag} (${path}): it is ${kind}. Take an RSA key of 2048 bits or more, or an ` +
      `EC key on ${[...CURVES.values()].join(', ')}.`,
  )
}

/**
 * Checks a file that Envoy will read itself, as OpenSSL accepts more than Envoy does.
 *
 * @throws FatalError explaining why Envoy can't read it
 */
export async function checkReadByEnvoy({ flag, path }: OptionFile): Promise<void> {
  const text = await readFile(path, 'utf8')
  const odd = text.startsWith(BYTE_ORDER_MARK)
    ? 'begins with a byte order mark'
    : /-----BEGIN ((?:X509|TRUSTED) CERTIFICATE)-----/.exec(text)?.[1]?.replace(/^/, 'has a ')
  if (odd === undefined) return
  throw new FatalError(`Envoy reads the file of ${flag} (${path}) itself and can't: it ${odd}. Write it as plain PEM.`)
}

const BYTE_ORDER_MARK = '\uFEFF'

/** The kinds of keys among authorities in PEM whose signatures Envoy can't check. */
export function uncheckedKinds(authorities: Buffer): string[] {
  const kinds = certificatesIn(authorities).flatMap(({ publicKey }) => lacking(publicKey) ?? [])
  return [...new Set(kinds)]
}

/** The kind of key, if Envoy can't use it; undefined if it can. */
function lacking(key: KeyObject): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  switch (type) {
    // Envoy itself reports a key that is too short.
    case 'rsa':
    case 'ed25519':
      return undefined
    case 'ec': {
      if (isExplicit(key)) return 'EC with explicit parameters instead of a curve'
      const curve = details?.namedCurve ?? 'a curve without a name'
      return CURVES.has(curve) ? undefined : `EC on ${curve}`
    }
    case 'rsa-pss':
      return 'RSA-PSS'
    default:
      return type?.toUpperCase() ?? 'of a kind that Node.js does not know'
  }
}

/** The object identifier of prime fields, 1.2.840.10045.1.1. It occurs only where a curve's parameters are explicit. */
const PRIME_FIELD = Buffer.from('06072a8648ce3d0101', 'hex')

function isExplicit(key: KeyObject): boolean {
  const type = key.type === 'private' ? 'pkcs8' : 'spki'
  return key.export({ type, format: 'der' } as KeyExportOptions<'der'>).includes(PRIME_FIELD)
}
