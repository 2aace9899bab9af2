import type { NamedDifference } from '../differences.js'

/** What the flags for rewriting do, and the headers that say who asked. */
export const FORWARDING: readonly NamedDifference[] = [
  {
    where: '`X-Forwarded-For` while listening on `::`',
    chp: '`::ffff:192.0.2.1`',
    here: '`192.0.2.1`',
    reason: 'that is the address',
    seen: [{ field: 'seen.header.x-forwarded-for', chp: /^::ffff:127\.0\.0\.1$/, here: /^127\.0\.0\.1$/ }],
  },
  {
    where: '`X-Forwarded-For` while listening on a unix socket',
    chp: '`undefined` is added',
    here: 'as it came',
    reason: 'a client of a unix socket has no address',
    seen: [{ field: 'seen.header.x-forwarded-for', of: /^unix socket/, chp: /undefined$/ }],
  },
  {
    where: '`X-Forwarded-Host` that is there and empty',
    chp: 'replaced by `Host`',
    here: 'as it came',
    reason: 'no proxy sends one',
    seen: [{ field: 'seen.header.x-forwarded-host', of: /an empty X-Forwarded-Host/ }],
  },
  {
    where: '`X-Forwarded-Port` where `Host` is an IPv6 address',
    chp: 'its first digits',
    here: 'its port',
    reason: 'that is the port',
    seen: [{ field: 'seen.header.x-forwarded-port', of: /Host that is an IPv6 address/ }],
  },
  {
    where: 'a query',
    chp: '`"`, `<` and `>` are escaped; an empty one is dropped',
    here: 'as it came',
    reason: 'only the backend interprets it',
    seen: [{ field: 'seen.line', of: /signs that a path may not have|an empty query/ }],
  },
  {
    where: '--no-include-prefix with an escape in the prefix, or with --host-routing',
    chp: 'cuts off as many characters as the prefix has, at the wrong place',
    here: 'cuts the prefix off',
    reason: 'what the option is for',
    seen: [
      {
        field: 'seen.line',
        of: /--no-include-prefix: (an escape|UTF-8) in the route|^hosts: without the prefix/,
      },
    ],
  },
  {
    where: '--no-include-prefix, a target with a slash at its end, and nothing after the prefix',
    chp: '`/base/`',
    here: '`/base`',
    reason: 'a slash at the end of a target makes no difference',
    seen: [{ field: 'seen.line', of: /--no-include-prefix: a target with a slash/ }],
  },
  {
    where: '--auto-rewrite where `Host` has no port',
    chp: "keeps the target's port",
    here: 'the port is that of `Host`: none',
    reason: "users can't reach the target's port",
    seen: [
      {
        field: 'answer.header.location',
        of: /--auto-rewrite/,
        chp: /\/\/hub\.example:\{backendPort\}/,
        here: /\/\/hub\.example(\/|$)/i,
      },
    ],
  },
  {
    where: 'a `Location` that is rewritten',
    chp: 'also put into its shortest form',
    here: 'otherwise as it came',
    reason: 'browsers do that',
    seen: [{ field: 'answer.header.location', of: /--protocol-rewrite: 302 in another spelling/ }],
  },
  {
    where: 'a `Location` with a user name (`http://me@host/`)',
    chp: 'rewritten',
    here: 'not rewritten',
    reason: 'no hub sends one',
    seen: [{ field: 'answer.header.location', of: /302 with a user name/ }],
  },
  {
    where: '--change-origin to a unix socket',
    chp: "`Host` is the socket's escaped path",
    here: '`localhost`',
    reason: 'a path is not a host',
    seen: [{ field: 'seen.header.host', of: /--change-origin: a target on a unix socket/ }],
  },
  {
    where: '--custom-header: the same name in two spellings',
    chp: 'the last one; the first one if the client sends it too',
    here: 'the last one',
    reason: 'the client must not decide',
    seen: [{ field: 'seen.header.x-one', of: /a request that has one of them/, here: /^2$/ }],
  },
  {
    where: '--protocol-rewrite, --custom-header: what HTTP does not allow',
    chp: 'accepted, and fails with each request',
    here: 'one line, exit status 1',
    reason: 'a typing error shows when it is made',
    seen: [
      { field: 'exit', of: /a (protocol that is none|custom header that HTTP does not allow)/, chp: /^it serves$/ },
    ],
  },
]
