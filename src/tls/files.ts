import type { KeyObject } from 'node:crypto'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FatalError } from '../errors.js'

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

/** A key and the certificate that it belongs to, with the chain of those who signed it, in PEM. */
export interface KeyPair {
  readonly chain: Buffer
  readonly key: Buffer
  /** Of the key, if it is encrypted. */
  readonly passphrase?: string
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * Reads a key and its certificate and sees to it that they can be used together.
 *
 * @throws FatalError that names the option, the file and what is wrong with it
 */
export async function readKeyPair({ key: keyFile, certificate, passphrase }: KeyPairFiles): Promise<KeyPair> {
  const [key, chain] = await Promise.all([readOptionFile(keyFile), readOptionFile(certificate)])
  const [leaf] = parseCertificates(chain, certificate)
  if (!leaf?.checkPrivateKey(parseKey(key, keyFile, passphrase))) {
    throw new FatalError(`The key of ${named(keyFile)} does not belong to the certificate of ${named(certificate)}.`)
  }
  return { chain, key, ...(passphrase?.value ? { passphrase: passphrase.value } : {}) }
}

/**
 * Reads the certificates of authorities, one or more in PEM.
 *
 * @throws FatalError that names the option, the file and what is wrong with it
 */
export async function readAuthorities(file: OptionFile): Promise<Buffer> {
  const authorities = await readOptionFile(file)
  parseCertificates(authorities, file)
  return authorities
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
  return { ...pair, chain: Buffer.from(chain.map(String).join('')) }
}

function readOptionFile({ flag, path }: OptionFile): Promise<Buffer> {
  return readFile(path).catch((error: Error) => {
    throw new FatalError(`The file of ${flag} can't be read: ${error.message}.`)
  })
}

function parseCertificates(pem: Buffer, file: OptionFile): X509Certificate[] {
  try {
    const certificates = certificatesIn(pem)
    const begun = pem.toString('latin1').split('-----BEGIN CERTIFICATE-----').length - 1
    // One that has no end is of a file that is still being written.
    if (certificates.length > 0 && certificates.length === begun) return certificates
  } catch {
    // OpenSSL's own words would say less than ours.
  }
  throw new FatalError(`The file of ${named(file)} does not hold whole certificates in PEM.`)
}

/** @throws Error if one of them is none */
function certificatesIn(pem: Buffer): X509Certificate[] {
  return (pem.toString('latin1').match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one))
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
