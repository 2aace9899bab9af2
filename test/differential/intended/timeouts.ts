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
    chp: 'the client keeps waiting',
    here: 'the connection is dropped',
    reason: 'it would wait without end',
    seen: [
      { field: /^(answer\.status|connection)$/, of: /--proxy-timeout: a backend that stops/, chp: /^(nothing|-)$/ },
    ],
  },
  {
    where: '--timeout and a connection without a request',
    chp: 'ends it',
    here: '--keep-alive-timeout ends it',
    reason: 'that is the option for it',
    seen: [{ field: 'closed', of: /--timeout: a connection that is idle/, here: /^nothing$/ }],
  },
  {
    where: '--keep-alive-timeout',
    chp: '5 s unless given',
    here: '620 s unless given; a connection closes within 5 s after it, and requests meanwhile are served',
    reason:
      'longer than the timeouts of load balancers (up to 10 minutes): they must close first, or users see an occasional 502',
    seen: [{ field: 'closed', of: /no timeout: a connection that is idle/, here: /^nothing$/ }],
  },
  {
    where: 'an upload that takes more than 5 minutes',
    chp: '408',
    here: 'continues',
    reason: 'files grow, and networks are slow',
    seen: { byHand: 'no test takes 5 minutes' },
  },
]
