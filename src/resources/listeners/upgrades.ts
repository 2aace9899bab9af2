import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type { HeaderMatcher } from '#proto/envoy/config/route/v3/HeaderMatcher.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import { setHeader } from '../shared/header-mutation.js'

/*
 * A handshake is a GET without a body (RFC 6455, 4.1). Envoy takes whatever follows the head of any request with
 * `Upgrade` for bytes of the new protocol, and holds them back until the backend has agreed to it. A backend that sees a
 * request with a body, or none that it knows as a handshake, would read them as that body or as the next request, so
 * all but handshakes are refused.
 */

/** A request for a websocket. Envoy has taken `Upgrade` away where `Connection` doesn't name it. */
export const WEBSOCKET: HeaderMatcher = { name: 'upgrade', string_match: { exact: 'websocket', ignore_case: true } }

const UPGRADE: HeaderMatcher = { name: 'upgrade', present_match: true }

/**
 * Has an upgrade with a body in chunks refused as one of an unknown name, for Envoy takes `Transfer-Encoding` away before
 * it chooses a route. Must come before Envoy itself looks at the headers.
 */
export const REFUSE_CODED_UPGRADES: HeaderMutation = setHeader(
  'upgrade',
  '%REQ(transfer-encoding)%',
  'OVERWRITE_IF_EXISTS',
)

/** The signs of a request that is no handshake, each of them enough. */
const NO_HANDSHAKE: readonly HeaderMatcher[][] = [
  [{ name: ':method', string_match: { exact: 'GET' }, invert_match: true }],
  [
    { name: 'content-length', present_match: true },
    { name: 'content-length', string_match: { exact: '0' }, invert_match: true },
  ],
]

/** Answers what asks for an upgrade and is no handshake. The connection ends, since nothing in it can be read any more. */
export function refusedUpgrades(): Route[] {
  return NO_HANDSHAKE.map((signs) => ({
    match: { prefix: '/', headers: [UPGRADE, ...signs] },
    direct_response: { status: 400 },
  }))
}
