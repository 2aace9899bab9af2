import { RoutespecInvalidError } from '../errors.js'

/**
 * The most segments and bytes a routespec may have. The lookup in Envoy never walks further, so that a hostile path
 * costs a bounded search; JupyterHub's own longest routespec (base URL, user, named server) is far below both.
 */
export const ROUTESPEC_LIMITS = { segments: 64, bytes: 4096 } as const

/**
 * The routespec that an API path names: decoded, with one leading and no trailing slash (`/` for the whole site).
 * `/user/foo%40bar/` and `/user/foo@bar` are one routespec. The rules are CHP's: dot segments are resolved before
 * decoding, `%2F` separates segments.
 *
 * @param escaped what follows `/api/routes` in the request, percent-encoded
 * @throws RoutespecInvalidError if an escape is malformed or a limit is exceeded
 */
export function parseRoutespec(escaped: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(new URL(`http://api/${escaped}`).pathname)
  } catch {
    throw malformedRoutespec()
  }
  const routespec = `/${decoded.replace(/^\/+|\/+$/g, '')}`
  if (Buffer.byteLength(routespec) > ROUTESPEC_LIMITS.bytes) {
    throw new RoutespecInvalidError(`it is longer than ${ROUTESPEC_LIMITS.bytes} bytes`)
  }
  if (routespec.split('/').length - 1 > ROUTESPEC_LIMITS.segments) {
    throw new RoutespecInvalidError(`it has more than ${ROUTESPEC_LIMITS.segments} segments`)
  }
  return routespec
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
 * What two spellings of one route have in common. Under --host-routing that includes the host's case, since host names
 * have none (CHP compares them case-sensitively).
 */
export function routeKey(routespec: string, hostRouting: boolean): string {
  const host = hostRouting ? hostOf(routespec) : undefined
  return host === undefined ? routespec : `/${host.toLowerCase()}${routespec.slice(host.length + 1)}`
}
