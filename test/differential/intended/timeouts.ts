import type { NamedDifference } from '../differences.js'

export const TIMEOUTS: readonly NamedDifference[] = [
  {
    where: '--timeout',
    chp: 'the connection is dropped',
    here: 'an answer, if none has begun: 503, or 408 while the client sends its request',
    reason: 'the user sees what happened',
    seen: [
      {
        field: /^(answer\.status|connection)$/,
        of: /--timeout: a (backend that is silent|client that stops)/,
        chp: /^(none|-)$/,
      },
    ],
  },
  {
    where: '--proxy-timeout once the answer has begun',
    chp: 'the client waits on',
    here: 'the connection is dropped',
    reason: 'it would wait for ever',
    seen: [
      { field: /^(answer\.status|connection)$/, of: /--proxy-timeout: a backend that stops/, chp: /^(nothing|-)$/ },
    ],
  },
  {
    where: '--timeout and a connection without a request',
    chp: 'ends it',
    here: '--keep-alive-timeout does',
    reason: 'it is the option for that',
    seen: [{ field: 'closed', of: /--timeout: a connection that is idle/, here: /^nothing$/ }],
  },
  {
    where: '--keep-alive-timeout',
    chp: '5 s unless given',
    here: '620 s unless given; a connection closes within 5 s after it, and what comes meanwhile is served',
    reason:
      'longer than load balancers keep theirs (up to 10 minutes): the one who closes must be they, or users see a 502 now and then',
    seen: [{ field: 'closed', of: /no timeout: a connection that is idle/, here: /^nothing$/ }],
  },
  {
    where: 'an upload that takes more than 5 minutes',
    chp: '408',
    here: 'goes on',
    reason: 'files grow, and lines are slow',
    seen: { byHand: 'no test takes 5 minutes' },
  },
]
