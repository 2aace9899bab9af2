import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type { HeaderMatcher } from '#proto/envoy/config/route/v3/HeaderMatcher.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { ForwardingSettings } from '../../settings/forwarding.js'
import { setHeader } from '../shared/header-mutation.js'

/*
 * A target may lead back to this proxy, by an address that can't be recognised: one request would loop until no
 * connection is left. Each round appends the scheme to x-forwarded-proto, so a request that has it often enough in a
 * row is looping. If nothing is appended, or an option replaces the header, rounds are counted in a header of their
 * own, which backends see.
 */

/** More proxies than anyone chains. */
const MAX_ROUNDS = 10

const PROTO = 'x-forwarded-proto'
const ROUNDS = 'x-cep-rounds'

/** A websocket's scheme replaces the last one when the request leaves, so a looping websocket repeats it as well. */
const SCHEMES = ['http', 'https', 'ws', 'wss']

type Settings = Pick<ForwardingSettings, 'xForward' | 'customHeaders'>

/** Applied before Envoy reads the headers. */
export function countRounds(settings: Settings): HeaderMutation[] {
  return showsRounds(settings) ? [] : [setHeader(ROUNDS, `%REQ(${ROUNDS})%1`)]
}

/**
 * Matches what is no request in a loop, except for websockets. Such a request has this listener's scheme again and again.
 *
 * @param encrypted whether clients speak TLS to the listener
 */
export function isNoLoop(settings: Settings, encrypted: boolean): HeaderMatcher {
  const sign = showsRounds(settings) ? repeated(encrypted ? 'https' : 'http') : TOO_MANY_ROUNDS
  return { ...sign, invert_match: true }
}

/** Ends looping requests. Comparing a header of a few bytes costs next to nothing. */
export function endedLoops(settings: Settings): Route[] {
  const signs = showsRounds(settings) ? SCHEMES.map(repeated) : [TOO_MANY_ROUNDS]
  return signs.map((sign) => ({
    match: { prefix: '/', headers: [sign] },
    direct_response: { status: 508 },
  }))
}

function repeated(scheme: string): HeaderMatcher {
  return { name: PROTO, string_match: { contains: `${scheme},`.repeat(MAX_ROUNDS) } }
}

const TOO_MANY_ROUNDS: HeaderMatcher = { name: ROUNDS, string_match: { prefix: '1'.repeat(MAX_ROUNDS + 1) } }

/** Whether x-forwarded-proto grows with each round. */
function showsRounds({ xForward, customHeaders }: Settings): boolean {
  return xForward && !Object.keys(customHeaders).some((name) => name.toLowerCase() === PROTO)
}
