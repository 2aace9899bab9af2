import { hasControlCharacter, hasDotSegment, printable, withoutTrailingSlashes } from '../platform/text.js'
import { TargetInvalidError } from './errors.js'

/** The most bytes that a target may have; a hub's has about a hundred. */
export const TARGET_LIMIT = 4096

/** How much of a target is shown in messages, in characters. */
const SHOWN = 200

/** Where a route's requests go. */
export interface Target {
  readonly tls: boolean
  /** A host name or an IP address (IPv6 without brackets), or the path of a unix socket. */
  readonly address: { readonly host: string; readonly port: number } | { readonly socketPath: string }
  /** The path that is put before the request's: '' or '/path', never with a trailing slash. */
  readonly path: string
}

const DOTS = "it has a segment '.' or '..'"

const UNIX_SCHEMES = new Set(['http+unix:', 'unix+http:'])

/**
 * Parses a target as CHP does: `http://host:port/path`, `https://...`, or a unix socket with its escaped path as the
 * host, `http+unix://%2Frun%2Fuser.sock` or `unix+http://...`.
 *
 * @throws TargetInvalidError for anything else
 */
export function parseTarget(text: string): Target {
  if (Buffer.byteLength(text) > TARGET_LIMIT) throw invalidTarget(text, `it is longer than ${TARGET_LIMIT} bytes`)
  if (hasControlCharacter(text)) throw invalidTarget(text, 'it has a control character')
  if (!URL.canParse(text)) throw invalidTarget(text, 'it is not a URL')
  // `URL` resolves dot segments, so they must be looked for in the original text.
  const [written = ''] = text.split(/[?#]/, 1)
  if (hasDotSegment(written.replace(/%2e/gi, '.'))) throw invalidTarget(text, DOTS)
  const url = new URL(text)
  const path = withoutTrailingSlashes(url.pathname)
  if (UNIX_SCHEMES.has(url.protocol)) {
    return { tls: false, address: { socketPath: socketPathOf(text, url.host) }, path }
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalidTarget(text, 'it must start with http://, https://, http+unix:// or unix+http://')
  }
  const tls = url.protocol === 'https:'
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port)
  if (port === 0) throw invalidTarget(text, 'port 0 cannot be connected to')
  return { tls, address: { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port }, path }
}

function socketPathOf(text: string, host: string): string {
  let socketPath: string
  try {
    socketPath = decodeURIComponent(host)
  } catch {
    throw invalidTarget(text, 'the socket path has a malformed percent-encoding')
  }
  if (!socketPath.startsWith('/')) {
    throw invalidTarget(text, 'an absolute socket path, with %2F for each slash, must follow the scheme')
  }
  if (hasControlCharacter(socketPath)) throw invalidTarget(text, 'the socket path has a control character')
  if (hasDotSegment(socketPath)) throw invalidTarget(text, DOTS)
  return socketPath
}

/** The error for a target that can't be used, with a reason in words. */
export function invalidTarget(text: string, reason: string): Error {
  return new TargetInvalidError(printable(text, SHOWN), reason)
}

/** The text of a target, of any form, for a log: without credentials before its host, and without a query. */
export function withoutSecrets(target: string): string {
  return target.replace(/^([a-z+]+:\/\/)[^/]*@/i, '$1...@').replace(/[?#].*$/s, '')
}
