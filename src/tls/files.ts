import type { KeyObject } from 'node:crypto'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FatalError } from '../platform/fatal-error.js'

/** A file that an option of the command line names. */
export interface OptionFile {
  readonly flag: string
  readonly path: string
}

/** What {@link readKeyPair} reads. */
export interface KeyPairFiles {
  readonly key: OptionFile
  readonly certificate: OptionFile
  /** The environment variable of the key's passphrase, and what it holds; undefined where a key may have none. */
  readonly passphrase?: { readonly variable: string; readonly value: string | undefined } | undefined
}

/**
 * A key and the certificate that it belongs to, with the chain of those who signed it, in PEM: as Node.js writes them,
 * the key without a passphrase. Envoy reads less than OpenSSL, such as keys under scrypt or a byte order mark.
 */
export interface KeyPair {
  readonly chain: Buffer
  readonly key: Buffer
}

/** With the labels that OpenSSL takes for certificates. */
const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----([^-]+)-----END \1-----/g
const BEGUN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g

/**
 * Reads a key and its certificate and sees to it that they can be used together.
 *
 * @throws FatalError that names the option, the file and what is wrong with it
 */
export async function readKeyPair({ key: keyFile, certificate, passphrase }: KeyPairFiles): Promise<KeyPair> {
  const [key, chain] = await Promise.all([readOptionFile(keyFile), readOptionFile(certificate)])
  const certificates = parseCertificates(chain, certificate)
  const parsed = parseKey(key, keyFile, passphrase)
  if (!certificates[0]?.checkPrivateKey(parsed)) {
    throw new FatalError(`The key of ${named(keyFile)} does not belong to the certificate of ${named(certificate)}.`)
  }
  return { chain: toPem(certificates), key: Buffer.from(parsed.export({ type: 'pkcs8', format: 'pem' })) }
}

/**
 * Reads the certificates of authorities, one or more in PEM.
 *
 * @throws FatalError that names the option, the file and what is wrong with it
 */
export async function readAuthorities(file: OptionFile): Promise<Buffer> {
  return toPem(parseCertificates(await readOptionFile(file), file))
}

/**
 * A certificate that stands alone in its file, with those of its issuers that are among the authorities. OpenSSL sends
 * them along, so that `--ssl-ca intermediate.pem` makes a chain complete in CHP.
 */
export function completeChain(pair: KeyPair, authorities: Buffer): KeyPair {
  const [leaf, ...more] = certificatesIn(pair.chain)
  if (leaf === undefined || more.length > 0) return pair
  const candidates = certificatesIn(authorities)
  const chain = [leaf]
  for (let last = leaf; ; ) {
    const issuer = candidates.find((candidate) => !chain.includes(candidate) && last.checkIssued(candidate))
    // Who trusts a root has it already.
    if (issuer === undefined || issuer.checkIssued(issuer)) break
    chain.push(issuer)
    last = issuer
  }
  return { ...pair, chain: toPem(chain) }
}

function readOptionFile({ flag, path }: OptionFile): Promise<Buffer> {
  return readFile(path).catch((error: Error) => {
    throw new FatalError(`The file of ${flag} can't be read: ${error.message}.`)
  })
}

function parseCertificates(pem: Buffer, file: OptionFile): X509Certificate[] {
  try {
    const certificates = certificatesIn(pem)
    const begun = pem.toString('latin1').match(BEGUN)?.length
    // One that has no end is of a file that is still being written.
    if (certificates.length > 0 && certificates.length === begun) return certificates
  } catch {
    // OpenSSL's own words would say less than ours.
  }
  throw new FatalError(`The file of ${named(file)} does not hold whole certificates in PEM.`)
}

/** The certificates of a text in PEM. @throws Error if one of them is none */
export function certificatesIn(pem: Buffer): X509Certificate[] {
  return [...pem.toString('latin1').matchAll(CERTIFICATE)].map(
    ([, label, base64 = '']) =>
      new X509Certificate(label === TRUSTED ? withoutTrust(base64) : Buffer.from(base64, 'base64')),
  )
}

const TRUSTED = 'TRUSTED CERTIFICATE'

/** OpenSSL writes what a certificate is trusted for behind it. */
function withoutTrust(base64: string): Buffer {
  const der = Buffer.from(base64, 'base64')
  // A sequence with a length of two bytes, as that of any certificate but the shortest and the longest.
  if (der[0] !== 0x30 || der[1] !== 0x82) throw new Error('it is no certificate')
  return der.subarray(0, 4 + der.readUInt16BE(2))
}

function toPem(certificates: readonly X509Certificate[]): Buffer {
  return Buffer.from(certificates.map(String).join(''))
}

function parseKey(pem: Buffer, file: OptionFile, passphrase: KeyPairFiles['passphrase']): KeyObject {
  const value = passphrase?.value
  try {
    return createPrivateKey({ key: pem, ...(value ? { passphrase: value } : {}) })
  } catch {
    const encrypted = pem.includes('ENCRYPTED')
    if (encrypted && !value) {
      const way =
        passphrase === undefined ? 'Give one without a passphrase' : `Set ${passphrase.variable} to its passphrase`
      throw new FatalError(`The key of ${named(file)} is encrypted. ${way}.`)
    }
    const hint = encrypted ? `, or ${passphrase?.variable} is not its passphrase` : ''
    throw new FatalError(`The file of ${named(file)} does not hold a whole private key in PEM${hint}.`)
  }
}

function named({ flag, path }: OptionFile): string {
  return `${flag} (${path})`
}
