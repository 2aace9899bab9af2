/*
 * Envoy follows links to unix sockets, with its own rights. So a user whose socket is a target could replace it by a
 * link to the admin interface, whose path everybody can read in /proc/net/unix. A key that each call must have keeps
 * users out.
 */

/** The parameter with the key, at the end of a call's query. */
export function keyParameter(key: string): string {
  return `key=${key}`
}

/** The path of a call with the key. */
export function withKey(path: string, key: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${keyParameter(key)}`
}
