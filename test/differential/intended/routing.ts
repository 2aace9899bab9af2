import type { NamedDifference } from '../differences.js'

export const ROUTING: readonly NamedDifference[] = [
  {
    where: 'a malformed escape (`/%`), or one that is no UTF-8',
    chp: '500',
    here: 'routed by the readable part',
    reason: 'the backend can decide; the proxy has no reason for an error',
    seen: [
      { field: /^(answer\.status|seen)$/, of: /a malformed escape|no UTF-8|overlong UTF-8/, chp: /^500 |^nothing$/ },
    ],
  },
  {
    where: 'a path such as `/__proto__` or `/constructor`',
    chp: '500',
    here: 'an ordinary path',
    reason: 'names of JavaScript have no meaning in a URL',
    seen: [{ field: 'answer.status', of: /names of objects/, chp: /^500 / }],
  },
  {
    where: '`//host/x`',
    chp: 'the first segment is taken for a host and ignored',
    here: 'an ordinary path',
    reason: 'it has no host: RFC 9112, 3.2.1',
    seen: [{ field: 'seen.by', of: /two slashes first|a path that names another host/ }],
  },
  {
    where: '--host-routing: upper case in `Host`, and an IPv6 address',
    chp: 'compared case-sensitively; cut at the first colon',
    here: 'compared case-insensitively; an IPv6 address is kept whole',
    reason: 'host names have no case, and `[::1]` is a host',
    seen: [
      { field: /^(answer\.status|seen)$/, of: /^hosts: (upper case in Host|an IPv6 Host)/, chp: /^404 |^nothing$/ },
    ],
  },
  {
    where: 'a query in a target',
    chp: "put before the request's",
    here: 'ignored',
    reason: 'no hub sends one',
    seen: [{ field: 'seen.line', of: /a target with a query/ }],
  },
]
