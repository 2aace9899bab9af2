import { hasControlCharacter, hasDotSegment, withoutOuterSlashes } from '../platform/text.js'
import { RoutespecInvalidError } from './errors.js'

/**
 * The most segments and bytes a routespec may have. The lookup in Envoy never walks further, so that a hostile path
 * costs a bounded search. JupyterHub's longest routespec (base URL, user, named server) is far below both.
 */
export const ROUTESPEC_LIMITS = { segments: 64, bytes: 4096 } as const

/**
 * The routespec that an API path names: decoded, with one leading and no trailing slash (`/` for the whole site).
 * `/user/foo%40bar/` and `/user/foo@bar` are one routespec; as in CHP `%2F` separates segments.
 *
 * Dot segments, which CHP resolves, are refused: `/user/..` would be `/`, and a mistake or a strange user name would
 * replace the hub's own route.
 *
 * @param escaped the part after `/api/routes` in the request, percent-encoded, without a query
 * @throws RoutespecInvalidError if an escape is malformed, a limit is exceeded, or there is a dot segment or a control
 *   character
 */
export function parseRoutespec(escaped: string): string {
  const routespec = `/${withoutOuterSlashes(decode(escaped))}`
  if (Buffer.byteLength(routespec) > ROUTESPEC_LIMITS.bytes) {
    throw new RoutespecInvalidError(`it is longer than ${ROUTESPEC_LIMITS.bytes} bytes`)
  }
  if (hasDotSegment(routespec)) throw new RoutespecInvalidError("it has a segment '.' or '..'")
  if (hasControlCharacter(routespec)) throw new RoutespecInvalidError('it has a control character')
  if (routespec.split('/').length - 1 > ROUTESPEC_LIMITS.segments) {
    throw new RoutespecInvalidError(`it has more than ${ROUTESPEC_LIMITS.segments} segments`)
  }
  return routespec
}

/** An unescaped backslash is a slash, as in every http URL and for the lookup in Envoy. */
function decode(escaped: string): string {
  try {
    return decodeURIComponent(escaped.replaceAll('\\', '/'))
  } catch {
    throw malformedRoutespec()
  }
}

/** The error for a path that can't be decoded. */
export function malformedRoutespec(): Error & { statusCode?: number } {
  return new RoutespecInvalidError('it has a malformed percent-encoding')
}

/** The host of a routespec under --host-routing, its first segment; undefined for `/`. */
export function hostOf(routespec: string): string | undefined {
  return routespec === '/' ? undefined : routespec.split('/')[1]
}

/**
 * The key of a route, which is the same for all its spellings. Under --host-routing the host is in lower case, since
 * host names are case-insensitive (CHP compares them case-sensitively).
 */
export function routeKey(routespec: string, hostRouting: boolean): string {
  const host = hostRouting ? hostOf(routespec) : undefined
  return host === undefined ? routespec : `/${host.toLowerCase()}${routespec.slice(host.length + 1)}`
}
