import { FatalError } from '../platform/fatal-error.js'

/** The names of OpenSSL that Envoy's BoringSSL knows: cipher suites up to TLS 1.2, and groups of them. */
const KNOWN = new Set(
  [
    'ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-SHA256 ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES256-SHA',
    'ECDHE-RSA-AES128-SHA256 ECDHE-RSA-AES128-SHA ECDHE-RSA-AES256-SHA',
    'AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA AES256-SHA',
    'ALL DEFAULT HIGH FIPS SSLv3 TLSv1 TLSv1.2',
    'ECDHE EECDH ECDH kECDHE kEECDH RSA kRSA aRSA ECDSA aECDSA PSK',
    'AES AES128 AES256 AESGCM CHACHA20 3DES SHA SHA1',
  ].flatMap((line) => line.split(' ')),
)

/** For TLS 1.0 and 1.1: Envoy's default has no suite for them. */
export const OLD_CIPHERS = ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA', 'AES128-SHA']

export interface CipherList {
  /** The parts that Envoy can use, in order. */
  readonly suites: readonly string[]
  /** The parts that Envoy doesn't know. */
  readonly dropped: readonly string[]
}

/**
 * Takes apart an OpenSSL list of ciphers, such as `ECDHE+AESGCM:HIGH:!aNULL`. Exclusions of
 * unknown ciphers are ignored silently.
 *
 * @throws FatalError if no usable cipher is left
 */
export function cipherList(list: string): CipherList {
  const parts = list.split(/[:, ]+/).filter((part) => part !== '')
  const suites = parts.filter(isKnown)
  if (!suites.some((part) => /^\w/.test(part))) {
    throw new FatalError(
      `--ssl-ciphers ${list} names no cipher that Envoy has. Those of TLS 1.3 can't be chosen; see docs/tls.md for the others.`,
    )
  }
  return { suites, dropped: parts.filter((part) => !isKnown(part) && !/^[!-]/.test(part)) }
}

function isKnown(part: string): boolean {
  return part
    .replace(/^[!+-]/, '')
    .split('+')
    .every((name) => KNOWN.has(name))
}
