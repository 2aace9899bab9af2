import type { NamedDifference } from '../differences.js'

/** What becomes of requests that are unusual, or that no client of good will sends. */
export const REQUESTS: readonly NamedDifference[] = [
  {
    where: 'HTTP/0.9 (`GET /x` and no more)',
    chp: 'waits without end',
    here: 'answered',
    reason: 'no client speaks it; Envoy reads it as HTTP/1.0',
    seen: [{ field: /^(answer\.status|connection|seen)$/, of: /HTTP\/0\.9/, chp: /^(nothing|-)$/ }],
  },
  {
    where: 'a body in chunks with GET or DELETE',
    chp: 'DELETE loses it; of GET it is sent where the next request is expected',
    here: 'passed on',
    reason: "CHP loses data, and lets one client insert bytes before another's request",
    seen: [{ field: /^seen\.(line|framing|body)$/, of: /^request: a chunked (GET|DELETE)$/ }],
  },
  {
    where: 'a body of at most 64 KiB, with its length in the header',
    chp: 'passed on as it comes',
    here: 'passed on when it is complete; the proxy itself answers `Expect: 100-continue` at once',
    reason: 'a client that never sends its body uses no resources of others or of the backend',
    seen: [
      {
        field: /^(seen|backendHas|answer\.status|connection)$/,
        of: /(client is gone|ends its side) in the middle of its body$|stops in its body$|before the request has ended|is gone while the body comes|^100-continue: /,
        here: /^(nothing|-)$/,
      },
    ],
  },
  {
    where: 'DELETE and OPTIONS without a body',
    chp: '`Content-Length: 0` is added',
    here: 'passed on unchanged',
    reason: 'a missing length means no body',
    seen: [{ field: 'seen.framing', chp: /^content-length: 0$/, here: /^none$/ }],
  },
  {
    where: '`Transfer-Encoding` that is not `chunked`',
    chp: '400, or passed on if `chunked` is last; spelled as the client does',
    here: '501; spelled `chunked`',
    reason: 'Envoy supports no other coding, and RFC 9112 demands 501 for those',
    seen: [
      { field: 'answer.status', of: /^smuggling: /, here: /^501 / },
      { field: /^(seen|connection)$/, of: /^smuggling: gzip, then chunked/ },
      { field: 'seen.framing', chp: /CHUNKED/ },
    ],
  },
  {
    where: 'minor faults of a request: folded headers, a bare LF or CR, odd chunk ends and extensions, HTTP/1.2',
    chp: '400 or 413',
    here: 'accepted, and passed on in valid form',
    reason: 'the backend never sees them: Envoy writes every message itself',
    seen: [
      {
        field: /^(answer\.status|connection|seen|seen\.complete)$/,
        of: /a folded (value|coding)$|a CR in a value|lines that end with LF|a chunk longer than it says|a chunk extension of 64 KiB|a trailer that is a length|HTTP\/1\.2/,
        chp: /^4\d\d |^closed$|^nothing$|^false$/,
      },
    ],
  },
  {
    where: 'a request that never ends: lines that end with CR, an HTTP/2 preface',
    chp: '400 at once',
    here: 'waits for the rest',
    reason: 'it may still arrive',
    seen: [{ field: /^(answer\.status|connection)$/, of: /lines that end with CR|HTTP\/2 without an upgrade/ }],
  },
  {
    where: 'a request that is not valid: a fragment in its path, an invalid `Host`, `Connection: X-Forwarded-For`',
    chp: 'passed on',
    here: '400',
    reason: 'servers behind a proxy read such requests differently, which attacks make use of',
    seen: [
      {
        field: /^(answer\.status|connection|seen)$/,
        of: /a fragment$|a Host with a (bad character|path)|Connection that names X-Forwarded-For/,
        chp: /^200 |^kept|GET /,
      },
    ],
  },
  {
    where: 'methods',
    chp: 'those that Node.js knows, `M-SEARCH` among them; `OPTIONS *` becomes `OPTIONS /*`; `CONNECT` ends the connection',
    here: 'over HTTP/1.1 those that Envoy knows: those of HTTP and WebDAV and a few more; any other, such as `M-SEARCH`, `QUERY` or `get`, gets 400. Over HTTP/2 any name but `QUERY`. `OPTIONS *` and `CONNECT` get 404',
    reason: 'Envoy has its own list, and checks only in HTTP/1.1',
    seen: [
      { field: /^(answer\.status|connection|seen)$/, of: /^request: (M-SEARCH|OPTIONS of the whole server|CONNECT)/ },
    ],
  },
  {
    where: 'large headers',
    chp: '16 KiB in all, else 431, or 503 if the answer has them',
    here: '60,000 bytes, else 431; the connection goes on up to 128 KiB',
    reason: 'Envoy supports it, and cookies grow',
    seen: [
      { field: /^(answer\.status|connection|seen)$/, of: /30 KiB/, chp: /^(431|503) |^closed$|^nothing$/ },
      { field: 'connection', of: /60 KiB of headers$/, chp: /^closed$/, here: /^kept/ },
    ],
  },
  {
    where: '`Upgrade` to anything but a websocket',
    chp: 'the connection ends',
    here: 'to HTTP/2: answered as HTTP/1.1; else 403',
    reason: 'a client that offers HTTP/2 (as curl --http2 does) works without it',
    seen: [{ field: /^(answer\.status|connection|seen)$/, of: /an upgrade to (HTTP\/2|something else)/ }],
  },
  {
    where: 'a target that leads back to the proxy',
    chp: 'loops until no connection is left',
    here: '508 after ten rounds; where X-Forwarded-Proto does not grow (--no-x-forward, or a header of its own by --custom-header) backends see `X-Cep-Rounds`',
    reason: 'a single request must not stop the proxy',
    seen: [{ field: 'seen.header.x-cep-rounds', of: /no X-Forwarded/, here: /^1$/ }],
  },
  {
    where: 'a client that closes its sending side right after the request (as `nc` may)',
    chp: 'gets no answer of a backend, only what CHP answers itself at once (`/_chp_healthz`); in the middle of a request it gets 400',
    here: 'gets no answer, unless it has arrived already',
    reason: 'to Envoy such a client has disconnected',
    seen: [{ field: /^(answer\.status|closed|seen)$/, of: /the client ends its side|an end within the head/ }],
  },
]
