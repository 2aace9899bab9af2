import { FatalError } from '../platform/fatal-error.js'

/** A version of TLS, as Node.js spells it. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** The lowest and highest version in use. */
export interface TlsVersions {
  readonly min: TlsVersion
  readonly max: TlsVersion
}

/** Node.js's defaults. */
const ANY: TlsVersions = { min: 'TLSv1.2', max: 'TLSv1.3' }

/**
 * CHP appends `_method` to the name and has OpenSSL look it up: the name of a version means that version alone. SSLv23
 * is OpenSSL's old name for any version of TLS; since Node.js 12 it excludes TLS 1.3, which no user asked for.
 */
const PROTOCOLS: Readonly<Record<string, TlsVersions>> = {
  TLS: ANY,
  SSLv23: ANY,
  TLSv1: exactly('TLSv1'),
  TLSv1_1: exactly('TLSv1.1'),
  TLSv1_2: exactly('TLSv1.2'),
  TLSv1_3: exactly('TLSv1.3'),
}

function exactly(version: TlsVersion): TlsVersions {
  return { min: version, max: version }
}

/**
 * The versions that --ssl-protocol stands for.
 *
 * @throws FatalError if the name is unknown
 */
export function tlsVersions(protocol: string | undefined): TlsVersions {
  if (protocol === undefined) return ANY
  const versions = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : undefined
  if (versions !== undefined) return versions
  throw new FatalError(`--ssl-protocol ${protocol} can't be used. Choose one of ${Object.keys(PROTOCOLS).join(', ')}.`)
}
