import { hostOf, ROUTESPEC_LIMITS } from '../../routing/routespec.js'

/*
 * The same search as in envoy/lookup.lua. Envoy's works on bytes, so a text has one character for each byte here
 * (latin1).
 */

/**
 * The keys under which a request's route is looked for, the longest first, which wins; the last one is `/`. There are at
 * most 65, whatever the path.
 *
 * @param path as in a request, with or without a query
 * @param host the Host header; used under --host-routing only
 */
export function lookupKeys(path: string, host: string, hostRouting: boolean): string[] {
  const plain = decoded(toBytes(path)).replace(/^\/*/, '')
  const whole = hostRouting ? `/${hostIn(toBytes(host))}/${plain}` : `/${plain}`
  const keys = prefixes(whole).map((prefix) => Buffer.from(prefix, 'latin1').toString())
  return [...keys.reverse().filter((key) => key !== '/'), '/']
}

/** The length of the part of a key that is a path: under --host-routing the host is not part of it. */
export function pathOfKey(key: string, hostRouting: boolean): string {
  const host = hostRouting ? hostOf(key) : undefined
  return key === '/' || host === undefined ? key : key.slice(host.length + 1) || '/'
}

function prefixes(path: string): string[] {
  const found: string[] = []
  for (let from = 1; found.length < ROUTESPEC_LIMITS.segments; ) {
    const slash = path.indexOf('/', from)
    const end = slash === -1 ? path.length : slash
    if (end > ROUTESPEC_LIMITS.bytes) break
    found.push(path.slice(0, end))
    if (slash === -1) break
    from = slash + 1
  }
  return found
}

function decoded(target: string): string {
  const [path = ''] = target.split(/[?#]/, 1)
  if (!/[%\\]/.test(path) && !path.includes('/.')) return path
  return withoutDots(path.replaceAll('\\', '/')).replace(/%([0-9a-fA-F]{2})/g, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function withoutDots(path: string): string {
  if (!/\/(?:\.|%2e)/i.test(path)) return path
  const kept: string[] = []
  for (const segment of path.split('/')) {
    const plain = segment.replace(/%2e/gi, '.')
    if (plain === '..') {
      // The first is the empty string before the leading slash.
      if (kept.length > 1) kept.pop()
    } else if (plain !== '.') kept.push(segment)
  }
  return kept.join('/')
}

function hostIn(authority: string): string {
  const [host = ''] = /^\[[^\]]*\]/.exec(authority) ?? /^[^:]*/.exec(authority) ?? []
  return host.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}
