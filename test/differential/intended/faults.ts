import type { NamedDifference } from '../differences.js'

/** What becomes of backends and websockets that fail. */
export const FAULTS: readonly NamedDifference[] = [
  {
    where: 'connections to backends',
    chp: 'any idle one is reused; if the backend closes it at that moment, the user gets a 503',
    here: 'one that was used less than 100 ms before is reused; GET, HEAD and OPTIONS are sent again, at most twice, if it was just closing',
    reason: 'no user sees that 503, and no request that may have had an effect is sent twice',
    seen: { byHand: 'it takes a race to see it: test/traffic/connection-reuse.test.ts makes one' },
  },
  {
    where: 'minor faults of an answer: folded headers, a bare LF',
    chp: '503',
    here: 'accepted, and passed on in valid form',
    reason: 'as with requests',
    seen: [
      {
        field: 'answer.status',
        of: /a folded value in an answer|backend fault: lines that end with LF/,
        here: /^200 /,
      },
    ],
  },
  {
    where: 'a bad chunk in an answer',
    chp: '`503 OK`, if nothing was passed on yet',
    here: 'the connection ends after the head of the answer, which was passed on',
    reason: 'received data is not held back',
    seen: [{ field: /^(answer\.status|connection)$/, of: /a bad chunk/, chp: /^503 OK$|^kept/ }],
  },
  {
    where: '--auto-rewrite and a `Location` that is not a URL',
    chp: 'the client waits without end',
    here: 'passed on',
    reason: 'the browser can handle it',
    seen: [{ field: /^(answer\.status|connection)$/, of: /302 to no URL/, chp: /^(nothing|-)$/ }],
  },
  {
    where: 'a 101 without an upgrade request',
    chp: 'the client waits without end',
    here: 'passed on',
    reason: "the client sees its backend's answer",
    seen: [{ field: 'answer.status', of: /a 101 that nobody asked for/, chp: /^nothing$/ }],
  },
  {
    where: 'websocket: the backend resets it',
    chp: 'the line of a 503 answer is written into the open websocket',
    here: 'it ends',
    reason: 'the client would take it for a frame',
    seen: [{ field: 'closed', of: /^websocket: the backend resets/, here: /^after 0 bytes$/ }],
  },
  {
    where: 'a backend that disconnects in the middle of its answer',
    chp: 'the client waits for the rest without end',
    here: "the client's connection is closed",
    reason: 'browsers would show a page that never finishes loading',
    seen: [
      {
        field: /^(answer\.status|connection)$/,
        of: /^backend fault: (gone|reset) in the middle of its (body|chunks)/,
        chp: /^(nothing|-)$/,
      },
    ],
  },
  {
    where: 'websocket: bytes that the client sends before it is open',
    chp: 'lost',
    here: 'passed on when it is open',
    reason: 'no data is lost',
    seen: [{ field: /^(received|seen\.tunnelled)$/, of: /data right after the request/ }],
  },
  {
    where: 'websocket: the reason after 101',
    chp: '`Switching Protocols`',
    here: "the backend's",
    reason: 'as with every other answer',
    seen: [{ field: 'answer.reason', of: /a reason of its own/, chp: /^Switching Protocols$/ }],
  },
  {
    where: 'websocket: a refusal',
    chp: 'an answer of 404 or 503 has no reason',
    here: 'has a reason',
    reason: 'a status line must have one',
    seen: [{ field: 'answer.reason', of: /websocket/, chp: /^$/ }],
  },
  {
    where: 'websocket: a backend that answers 200, or a redirect with a body',
    chp: 'its body is passed on',
    here: 'the body is empty',
    reason: 'Envoy takes it for an unused tunnel; no websocket client reads it',
    seen: [{ field: /^answer\.(body|framing)$/, of: /^websocket: (answered with 200|redirected with a body)/ }],
  },
  {
    where: 'websocket: a refusal that says `Connection: Upgrade`',
    chp: 'passed on',
    here: 'its status (503 for one below 300) with `Location`, `Retry-After`, `Sec-WebSocket-Version` and `WWW-Authenticate`, and no body',
    reason: 'Envoy reads no end of such an answer, so it is replaced by one that ends',
    seen: [{ field: /^answer\.(?!status)/, of: /^websocket: answered with 426 and Upgrade/ }],
  },
  {
    where:
      'websocket: a 101 in chunks or with a length that is not 0, as old versions of aiohttp send; a 204 with a length',
    chp: 'passed on',
    here: '503; a length of 0 is left out',
    reason:
      'RFC 9110 (8.6) and RFC 9112 (6.1) forbid both; Envoy treats them as an attack, without a setting to change that',
    seen: [
      {
        field: /^(answer\.|connection$|closed$|seen\.)/,
        of: /^websocket: opened (with a length|in chunks)|^answer: a 204 that says it has a body$/,
      },
    ],
  },
  {
    where: 'websocket: `Upgrade` without `Connection: upgrade`',
    chp: 'waits without end',
    here: 'an ordinary request',
    reason: 'as HTTP defines it',
    seen: [
      {
        field: /^(answer\.status|connection|seen)$/,
        of: /^websocket: Upgrade without Connection/,
        chp: /^(nothing|none|-)$/,
      },
      { field: 'seen.header.upgrade', of: /^websocket: Upgrade without Connection/ },
    ],
  },
  {
    where: 'websocket: asked for by another method than GET, or with a body',
    chp: 'ends the connection; passed on, with a length or in chunks',
    here: '400, nothing is passed on',
    reason: 'that is not a handshake, and the bytes after its head may be read as another request',
    seen: [
      {
        field: /^(answer\.status|answer\.framing|connection|seen)$/,
        of: /^websocket: (by POST|with a body)/,
        here: /^400 |^closed$|^nothing$|^content-length/,
      },
    ],
  },
  {
    where: 'websocket: `/_chp_healthz`',
    chp: '404',
    here: 'the health check',
    reason: 'it is exactly that path, for any request',
    seen: [{ field: /^(answer\.status|connection)$/, of: /^websocket: to the health check/ }],
  },
]
