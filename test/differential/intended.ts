import type { NamedDifference } from './differences.js'

export const DIFFERENCES: readonly NamedDifference[] = [
  {
    where: 'header names',
    chp: 'in lower case, its own ones capitalised',
    here: 'as they were sent, its own ones in lower case',
    reason: 'HTTP takes both for the same; what is passed on is not rewritten',
    seen: [{ field: /^(answer|seen)\.header case$/ }],
  },
  {
    where: '`Connection: keep-alive`, `Keep-Alive: timeout=5`',
    chp: 'sent with every HTTP/1.1 message',
    here: 'not sent; the connection is kept all the same',
    reason: 'it is the default of HTTP/1.1, and the headers are for the next hop only',
    seen: [
      { field: /^(answer|seen)\.header\.connection$/, chp: /^keep-alive$/, here: /^-$/ },
      { field: 'answer.header.keep-alive', chp: /^timeout=5$/, here: /^-$/ },
    ],
  },
]
