import type { NamedDifference } from '../differences.js'

/** How messages are written, whatever they are about. */
export const MESSAGES: readonly NamedDifference[] = [
  {
    where: 'header names',
    chp: 'in lower case, its own ones capitalised',
    here: 'as they were sent, its own ones in lower case',
    reason: 'both mean the same in HTTP; messages are not rewritten',
    seen: [{ field: /^(answer|seen)\.header case$/ }],
  },
  {
    where:
      'headers for the next hop: `Connection` and what it names, `Keep-Alive`, `Proxy-Connection`, `TE` but `trailers`',
    chp: "its own and the other side's are sent",
    here: 'only `Connection: close` and `Upgrade`, if a connection is closed or upgraded',
    reason: 'they are for one connection (RFC 9110, 7.6.1); HTTP/1.1 keeps connections by default',
    seen: [
      { field: /^(answer|seen)\.header\.connection$/, here: /^(-|close)$/ },
      { field: /^(answer|seen)\.header\.(keep-alive|proxy-connection|te|x-hop)$/, here: /^-$/ },
      { field: 'answer.header.upgrade', chp: /^h2$/, here: /^-$/ },
      { field: 'connection', of: /Connection: close of the backend/ },
    ],
  },
  {
    where: "the API's `Keep-Alive`",
    chp: '5 s',
    here: '72 s',
    reason: 'the hub finds its connection open more often',
    seen: [{ field: 'answer.header.keep-alive', of: /API/, here: /^timeout=72$/ }],
  },
  {
    where: 'answers of the proxy itself, the API included',
    chp: 'in chunks',
    here: 'with their length, also in an answer to HEAD; the whole route table in chunks',
    reason: 'the bytes of the body are the same',
    seen: [
      {
        field: 'answer.framing',
        of: /^(?!answer: |answer headers: (?!a bad header|100 KiB)|rewriting: |websocket: answered)/,
        chp: /^(transfer-encoding: chunked|none)$/,
        here: /^content-length: \d+$/,
      },
    ],
  },
  {
    where: 'answers without a body (HEAD, 204)',
    chp: 'a `Content-Length: 0` of a 204 is passed on; no length is added',
    here: 'a 204 has none; an answer to HEAD without a length has `Transfer-Encoding: chunked`',
    reason: 'as in RFC 9110: a 204 has no length, and that of the GET is unknown',
    seen: [
      { field: 'answer.framing', of: /^answer: a 204|^activity: 204/, here: /^none$/ },
      { field: 'answer.framing', of: /HEAD/, chp: /^none$/, here: /^transfer-encoding: chunked$/ },
    ],
  },
  {
    where: 'a repeated header',
    chp: 'joined, `Cookie` by `; ` and others by `, `; of some only the first',
    here: 'unchanged, or joined by `,`',
    reason: 'both mean the same in HTTP (RFC 9110, 5.3)',
    seen: [
      { field: /^(answer|seen)\.header\.(x-twice|vary|cookie|user-agent)$/ },
      { field: /^seen\.header\./, of: /two X-Forwarded-For/ },
    ],
  },
  {
    where: '`Date`',
    chp: 'not on 101 and 400',
    here: 'on every answer',
    reason: 'RFC 9110 requires it of a server with a clock',
    seen: [{ field: 'answer.header.date', chp: /^-$/ }],
  },
  {
    where: 'an answer to HTTP/1.0',
    chp: '`HTTP/1.1`',
    here: '`HTTP/1.0`',
    reason: 'some old clients expect their own version',
    seen: [{ field: 'answer.version', chp: /^HTTP\/1\.1$/, here: /^HTTP\/1\.0$/ }],
  },
  {
    where: 'HTTP/1.0 without `Host`, and an empty `Host`',
    chp: "the backend sees the target's host",
    here: '`localhost`, or the empty one',
    reason: 'Envoy requires a host',
    seen: [{ field: /^seen\.header\.(host|x-forwarded-host)$/, of: /without Host|a Host that is empty/ }],
  },
  {
    where: 'two `Host` headers',
    chp: 'the first counts',
    here: 'joined by `,`, so that no route of a host matches',
    reason: 'a request that two servers may read differently is not valid',
    seen: [{ field: /^seen\.header\.(host|x-forwarded-host)$/, of: /two Hosts/ }],
  },
  {
    where: 'the absolute form, `GET http://host/path`',
    chp: '`Host` stays unchanged, and --host-routing uses it',
    here: 'the host of the URL replaces `Host`',
    reason: 'RFC 9112, 3.2.2',
    seen: [
      { field: /^seen\.header\.(host|x-forwarded-(host|port))$/, of: /the absolute form/ },
      { field: 'seen.by', of: /the absolute form/ },
    ],
  },
  {
    where: '`Expect: 100-continue`',
    chp: 'answered at once, and passed on nevertheless',
    here: 'answered at once',
    reason: 'it needs no second answer',
    seen: [{ field: 'seen.header.expect', chp: /^100-continue$/, here: /^-$/ }],
  },
  {
    where: '`Expect` with another value',
    chp: '417',
    here: 'passed on',
    reason: 'RFC 9110 leaves it to the server, which is the backend',
    seen: [{ field: /^(answer\.status|seen)$/, of: /Expect of something else/ }],
  },
  {
    where: '`X-Envoy-*` and `X-Forwarded-Client-Cert` of a request',
    chp: 'passed on',
    here: 'removed, without an effect',
    reason: 'with these a client could control Envoy, or pretend to be verified',
    seen: [{ field: /^seen\.header\.(x-envoy-|x-forwarded-client-cert$)/, here: /^-$/ }],
  },
]
