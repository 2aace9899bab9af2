import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { ForwardingSettings } from '../../settings/forwarding.js'
import { setHeader } from '../shared/header-mutation.js'

/*
 * A target may lead back to this proxy, by an address that nobody could know it by: one request would go round until
 * there is no connection left. Each round appends the scheme to x-forwarded-proto, so a request that has it often enough
 * in a row is going round. Where nothing is appended, or an option puts something else in its place, rounds are counted in
 * a header of their own, which backends see.
 */

/** More proxies than anybody puts one behind the other. */
const MAX_ROUNDS = 10

const PROTO = 'x-forwarded-proto'
const ROUNDS = 'x-cep-rounds'

/** A websocket's scheme is put in the place of the last one when the request leaves, so none has the same twice. */
const SCHEMES = ['http', 'https', 'ws', 'wss']

type Settings = Pick<ForwardingSettings, 'xForward' | 'customHeaders'>

/** Before Envoy itself looks at the headers. */
export function countRounds(settings: Settings): HeaderMutation[] {
  return showsRounds(settings) ? [] : [setHeader(ROUNDS, `%REQ(${ROUNDS})%1`)]
}

/** Ends what goes round. Compared with a header of a few bytes each costs next to nothing. */
export function endedLoops(settings: Settings): Route[] {
  const signs = showsRounds(settings)
    ? SCHEMES.map((scheme) => ({ name: PROTO, string_match: { contains: `${scheme},`.repeat(MAX_ROUNDS) } }))
    : [{ name: ROUNDS, string_match: { prefix: '1'.repeat(MAX_ROUNDS + 1) } }]
  return signs.map((sign) => ({
    match: { prefix: '/', headers: [sign] },
    direct_response: { status: 508 },
  }))
}

/** Whether x-forwarded-proto grows with each round. */
function showsRounds({ xForward, customHeaders }: Settings): boolean {
  return xForward && !Object.keys(customHeaders).some((name) => name.toLowerCase() === PROTO)
}
