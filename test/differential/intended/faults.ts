import type { NamedDifference } from '../differences.js'

/** What becomes of backends and websockets that fail. */
export const FAULTS: readonly NamedDifference[] = [
  {
    where: 'a backend that is gone in the middle of its answer',
    chp: 'the client waits for the rest without end',
    here: 'its connection ends, so that it knows',
    reason: 'browsers would show a page that loads for ever',
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
    here: 'passed on',
    reason: 'nothing that was sent is lost',
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
    here: 'has one',
    reason: 'a status line has one',
    seen: [{ field: 'answer.reason', of: /websocket/, chp: /^$/ }],
  },
  {
    where: 'websocket: a backend that answers 200',
    chp: 'its body is passed on',
    here: 'the body is empty',
    reason: 'Envoy takes it for a tunnel that is not used; no websocket client reads it',
    seen: [{ field: /^answer\.(body|framing)$/, of: /^websocket: answered with 200/ }],
  },
  {
    where: 'websocket: `Upgrade` without `Connection: upgrade`, or by POST',
    chp: 'waits without end, or ends the connection',
    here: 'an ordinary request, or passed on',
    reason: 'the first is what HTTP has it be, the second is for the backend to refuse',
    seen: [
      {
        field: /^(answer\.status|connection|seen)$/,
        of: /^websocket: (Upgrade without Connection|by POST)/,
        chp: /^(nothing|none|-)$/,
      },
      { field: 'seen.header.upgrade', of: /^websocket: Upgrade without Connection/ },
    ],
  },
  {
    where: 'websocket: `/_chp_healthz`',
    chp: '404',
    here: 'the health check',
    reason: 'it is exactly that path, whatever is asked',
    seen: [{ field: /^(answer\.status|connection)$/, of: /^websocket: to the health check/ }],
  },
]
