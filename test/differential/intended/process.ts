import type { NamedDifference } from '../differences.js'

/** How the command starts and ends. */
export const PROCESS: readonly NamedDifference[] = [
  {
    where: '`--port`, `--log-level`, `--default-target` and other values',
    chp: 'accepted unchecked',
    here: 'checked: one line, exit status 1',
    reason: 'a typing error shows when it is made',
    seen: [{ field: 'exit', of: /a log level that is not known|a default target that is no URL/, chp: /^it serves$/ }],
  },
  {
    where: 'SIGTERM, SIGINT and SIGQUIT',
    chp: 'ends at once, with status 2 or by the signal',
    here: 'requests in flight get up to 5 s, exit status 0',
    reason: 'an orderly end is no failure, and no download is cut by a restart',
    seen: [{ field: 'exit', of: /SIGTERM/, here: /^status 0$/ }],
  },
  {
    where: 'SIGHUP and other signals, such as SIGUSR2',
    chp: 'end it; SIGUSR1 opens a debugger',
    here: 'ignored, but for the SIGHUP of a terminal that is closed',
    reason: "certbot's hooks and `systemctl reload` send it to reload certificates, which happens automatically here",
    seen: [{ field: 'exit', of: /SIGHUP|SIGUSR/, here: /^it serves$/ }],
  },
  {
    where: 'a taken port',
    chp: 'logged, the process stays or exits 0',
    here: 'one line, exit status 1',
    reason: 'the program that started it learns that it does not serve',
    seen: [{ field: 'exit', of: /the public port is taken/, here: /^status 1$/ }],
  },
  {
    where: 'SIGKILL, and a new start',
    chp: 'an empty table',
    here: 'the previous table, and the Envoy that kept serving, unless `--storage-backend memory`',
    reason: 'users notice nothing; see [durability.md](durability.md)',
    seen: { byHand: 'a test of its own, test/supervision/adoption.test.ts' },
  },
  {
    where: 'a full disk',
    chp: '-',
    here: '507, nothing changed',
    reason: '201 would be a false promise',
    seen: { byHand: 'CHP writes nothing to a disk' },
  },
  {
    where: 'a second proxy for the same routes',
    chp: '-',
    here: 'one line, exit status 1',
    reason: "two would overwrite each other's changes",
    seen: { byHand: 'CHP keeps no routes that two could share' },
  },
  {
    where: 'overload',
    chp: 'accepts everything until its memory is full',
    here: 'limits with defaults, see [limits.md](limits.md): 503 with `Retry-After`',
    reason: "one user can't stop all others' work",
    seen: { byHand: 'tests of their own, test/overload' },
  },
  {
    where: 'the log: calls of the REST API without its token',
    chp: 'a line each, as long as the path',
    here: 'at most one line a second, with their number; long values are cut',
    reason: "a client that loops can't fill the disk",
    seen: { byHand: 'what is printed is not compared' },
  },
  {
    where: 'the log: control characters',
    chp: 'printed unchanged',
    here: 'shown as `\\u{1b}`; an entry is one line',
    reason: "entries can't be forged, and terminals can't be controlled",
    seen: { byHand: 'what is printed is not compared' },
  },
  {
    where: 'the log: its reader stops',
    chp: 'everything is kept in memory; on a terminal the proxy blocks',
    here: '1 MiB is kept, the rest is dropped, and its size logged',
    reason: 'a log must not stop the proxy or use all memory',
    seen: { byHand: 'what is printed is not compared' },
  },
]
