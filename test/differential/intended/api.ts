import type { NamedDifference } from '../differences.js'

export const API: readonly NamedDifference[] = [
  {
    where: 'no `CONFIGPROXY_AUTH_TOKEN`',
    chp: 'the REST API is open to all',
    here: 'a random token: every call is refused. With `--no-api-auth` it is open on loopback addresses and unix sockets, but not to web pages',
    reason: "an API that redirects users' traffic is never open by accident",
    seen: { byHand: 'without the token the suite could not call it' },
  },
  {
    where: 'token and body',
    chp: 'a bad body is answered 400 before the token is checked',
    here: '403 first',
    reason: 'reveals nothing without the token',
    seen: [{ field: 'answer.status', of: /^API: no token/, chp: /^400 /, here: /^403 / }],
  },
  {
    where: 'target',
    chp: 'any string is stored',
    here: 'must be an http, https or unix URL of at most 4,096 bytes without dot segments and control characters, else 400',
    reason: "a route that can't work is refused when it is added",
    seen: [
      { field: 'answer.status', of: /^API: a target that is "/, chp: /^201 /, here: /^400 / },
      { field: 'answer.body', of: /^API: a target that is "/, here: /^\{\}$/ },
    ],
  },
  {
    where: 'a target that is the proxy itself, by an address or a socket',
    chp: 'accepted: a request to it loops until something breaks',
    here: '400 for all of its ports and sockets; names are not resolved',
    reason: 'a loop is never wanted, and its other servers are not for users',
    seen: { byHand: 'a loop would take the suite with it' },
  },
  {
    where: 'body',
    chp: 'without limit',
    here: '1 MiB, else 413; 100 levels of nesting, else 400',
    reason: "a stalled or hostile client can't fill the memory; deeper nesting can't be serialised",
    seen: [
      { field: 'answer.status', of: /^API: a body of 2 MB/, here: /^413 / },
      { field: 'answer.body', of: /^API: a body of 2 MB/, here: /^\{\}$/ },
    ],
  },
  {
    where: 'routespec',
    chp: 'without limit; any escape',
    here: '4,096 bytes and 64 segments, else 400; 400 for an escape that is malformed or no UTF-8, where CHP never answers',
    reason: 'bounds the work of a lookup',
    seen: [
      { field: /^answer\.(status|body)$/, of: /^API: a routespec of/ },
      {
        field: /^(answer\.status|connection)$/,
        of: /^API: (a malformed escape|an escape that is no UTF-8)/,
        chp: /^(nothing|-)$/,
      },
    ],
  },
  {
    where: '`DELETE /api/routes`',
    chp: 'never answers',
    here: 'deletes `/`',
    reason: 'as with the slash after it',
    seen: [
      { field: /^(answer\.status|connection)$/, of: /^API: the root is deleted without a slash/, chp: /^(nothing|-)$/ },
    ],
  },
  {
    where: 'slashes at the start of a routespec',
    chp: '`//r` is a routespec that no request matches',
    here: '`/r`',
    reason: 'a route that is stored is one that works',
    seen: [{ field: 'answer.body', of: /^API: slashes in a row/ }],
  },
  {
    where: 'dot segments and control characters in a routespec or a target',
    chp: 'resolved or kept: POST to `/api/routes/user/..` replaces `/`',
    here: '400',
    reason: 'a mistake replaces no other route, and stored values can be printed',
    seen: [
      { field: 'answer.status', of: /^API: (dot segments|a control character)/, here: /^400 / },
      { field: 'answer.body', of: /^API: (dot segments|a control character)/ },
    ],
  },
  {
    where: '`/livez` and `/readyz` of the REST API',
    chp: '404',
    here: '200 and a line of text, without the token',
    reason: 'for probes of a control plane without a public port',
    seen: [{ field: /^answer\.(status|body)$/, of: /^API: the path \/(livez|readyz)/, chp: /^404|^$/, here: /./ }],
  },
  {
    where: '`GET /api/explain` of the REST API',
    chp: '404',
    here: 'why a path can be reached or not; 400 without a path',
    reason: 'CHP has nothing of the kind',
    seen: [{ field: /^answer\.(status|body)$/, of: /^API: the path \/api\/explain/, chp: /^404|^$/, here: /./ }],
  },
  {
    where: 'content types, also of the redirect and metrics servers',
    chp: 'none of a sentence; `application/json`',
    here: '`text/plain`; `application/json; charset=utf-8`',
    reason: 'says what it is',
    seen: [
      { field: 'answer.header.content-type', of: /API|^redirect|^metrics/, chp: /^-$/, here: /^text\/plain$/ },
      { field: 'answer.header.content-type', chp: /^application\/json$/, here: /^application\/json; charset=utf-8$/ },
    ],
  },
  {
    where: 'a change Envoy does not acknowledge in 10 s',
    chp: '-',
    here: '503, nothing changed',
    reason: '201 would be a false promise',
    seen: { byHand: 'CHP has no other process to wait for' },
  },
]
