import { TargetInvalidError } from '../errors.js'

/** Where a route's requests go. */
export interface Target {
  readonly tls: boolean
  /** A host name or an IP address (IPv6 without brackets), or the path of a unix socket. */
  readonly address: { readonly host: string; readonly port: number } | { readonly socketPath: string }
  /** What the target wants before the request's path: '' or '/path', never with a trailing slash. */
  readonly path: string
}

const UNIX_SCHEMES = new Set(['http+unix:', 'unix+http:'])

/**
 * Reads a target as CHP takes it: `http://host:port/path`, `https://...`, or a unix socket whose escaped path stands in
 * the host's place, `http+unix://%2Frun%2Fuser.sock` or `unix+http://...`.
 *
 * @throws TargetInvalidError for anything else
 */
export function parseTarget(text: string): Target {
  if (!URL.canParse(text)) throw new TargetInvalidError(text, 'it is not a URL')
  const url = new URL(text)
  const path = url.pathname.replace(/\/+$/, '')
  if (UNIX_SCHEMES.has(url.protocol)) {
    return { tls: false, address: { socketPath: socketPathOf(text, url.host) }, path }
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TargetInvalidError(text, 'it must start with http://, https://, http+unix:// or unix+http://')
  }
  const tls = url.protocol === 'https:'
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port)
  if (port === 0) throw new TargetInvalidError(text, 'port 0 cannot be connected to')
  return { tls, address: { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port }, path }
}

function socketPathOf(text: string, host: string): string {
  let socketPath: string
  try {
    socketPath = decodeURIComponent(host)
  } catch {
    throw new TargetInvalidError(text, 'the socket path has a malformed percent-encoding')
  }
  if (!socketPath.startsWith('/')) {
    throw new TargetInvalidError(text, 'an absolute socket path, with %2F for each slash, must follow the scheme')
  }
  return socketPath
}
