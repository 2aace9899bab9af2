import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type { HeaderMatcher } from '#proto/envoy/config/route/v3/HeaderMatcher.js'
import { setHeader } from '../shared/header-mutation.js'

/*
 * Routes can't ask for a request's protocol, the size of its headers or its `Transfer-Encoding`, which Envoy removes
 * before it chooses a route. So a header says all three; the routes remove it.
 */

/** `HTTP/1.1 423;` or `HTTP/1.1 423;chunked`. Envoy takes no coding with a semicolon. */
export const ARRIVAL_HEADER = 'x-cep-arrival'

/** Must be applied before Envoy reads the headers. */
export const NOTE_ARRIVAL: HeaderMutation = setHeader(
  ARRIVAL_HEADER,
  '%PROTOCOL% %REQUEST_HEADERS_BYTES%;%REQ(transfer-encoding)%',
)

/** A size below 60,000 bytes, in digits. */
export const FITTING_SIZE = '[0-9]{1,4}|[1-5][0-9]{4}'

/** Headers of 10,000 bytes and more. */
export const LARGE_HEADERS: HeaderMatcher = {
  name: ARRIVAL_HEADER,
  string_match: { safe_regex: { regex: 'HTTP/[0-9.]+ [0-9]{5,};.*' } },
}

/** A request without `Transfer-Encoding`. */
export const NO_CODING: HeaderMatcher = { name: ARRIVAL_HEADER, string_match: { suffix: ';' } }

/**
 * A GET over HTTP/1 that ends with its headers. Nearly all requests are of this kind, so they take the shortest way: one
 * choice of a route, and none of the filters that wait for the end of a request.
 */
export const COMPLETE_AT_ONCE: readonly HeaderMatcher[] = [
  { name: ':method', string_match: { exact: 'GET' } },
  absent('content-length'),
  absent('upgrade'),
  { name: ARRIVAL_HEADER, string_match: { safe_regex: { regex: `HTTP/1\\.[01] (?:${FITTING_SIZE});` } } },
]

export function absent(name: string): HeaderMatcher {
  return { name, present_match: true, invert_match: true }
}
