/*
 * Envoy connects to unix sockets by whatever links stand in their places, with rights of its own. So a user whose socket is
 * a target could put a link to the admin interface there, and the path of that is no secret: /proc/net/unix tells it to
 * everybody. What keeps users out is a key that each call must show.
 */

/** How a call shows the key: at the end of its query. */
export function keyParameter(key: string): string {
  return `key=${key}`
}

/** The path of a call that shows the key. */
export function withKey(path: string, key: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${keyParameter(key)}`
}
