import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type { HeaderMatcher } from '#proto/envoy/config/route/v3/HeaderMatcher.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import { setHeader } from '../shared/header-mutation.js'

/*
 * A handshake is a GET without a body (RFC 6455, 4.1). For any request with `Upgrade`, Envoy takes the bytes after its
 * head for the new protocol, and holds them back until the backend has agreed. A backend that sees a request with a
 * body, or that doesn't recognise the handshake, would read them as that body or as the next request. So every other
 * request is refused.
 */

/** A request for a websocket. Envoy has removed `Upgrade` if `Connection` doesn't name it. */
export const WEBSOCKET: HeaderMatcher = { name: 'upgrade', string_match: { exact: 'websocket', ignore_case: true } }

const UPGRADE: HeaderMatcher = { name: 'upgrade', present_match: true }

/**
 * Makes Envoy refuse an upgrade with a chunked body, as an upgrade of an unknown name: Envoy removes
 * `Transfer-Encoding` before it chooses a route. Must be applied before Envoy reads the headers.
 */
export const REFUSE_CODED_UPGRADES: HeaderMutation = setHeader(
  'upgrade',
  '%REQ(transfer-encoding)%',
  'OVERWRITE_IF_EXISTS',
)

/** Each of these identifies a request that is not a handshake. */
const NO_HANDSHAKE: readonly HeaderMatcher[][] = [
  [{ name: ':method', string_match: { exact: 'GET' }, invert_match: true }],
  [
    { name: 'content-length', present_match: true },
    { name: 'content-length', string_match: { exact: '0' }, invert_match: true },
  ],
]

/** Refuses upgrades that are not handshakes. The connection is closed, since its further bytes can't be interpreted. */
export function refusedUpgrades(): Route[] {
  return NO_HANDSHAKE.map((signs) => ({
    match: { prefix: '/', headers: [UPGRADE, ...signs] },
    direct_response: { status: 400 },
  }))
}
