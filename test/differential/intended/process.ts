import type { NamedDifference } from '../differences.js'

/** How the command starts and ends. */
export const PROCESS: readonly NamedDifference[] = [
  {
    where: '`--port`, `--log-level`, `--default-target` and other values',
    chp: 'taken as they come',
    here: 'checked: one line, exit status 1',
    reason: 'a typing error shows when it is made',
    seen: [{ field: 'exit', of: /a log level that is not known|a default target that is no URL/, chp: /^it serves$/ }],
  },
  {
    where: 'SIGTERM, SIGINT and SIGHUP',
    chp: 'ends at once, with status 2 or by the signal',
    here: 'requests under way get up to 5 s, exit status 0',
    reason: 'an orderly end is no failure, and no download is cut by a restart',
    seen: [{ field: 'exit', of: /SIG/, here: /^status 0$/ }],
  },
  {
    where: 'a taken port',
    chp: 'logged, the process stays or exits 0',
    here: 'one line, exit status 1',
    reason: 'what starts it learns that it does not serve',
    seen: [{ field: 'exit', of: /the public port is taken/, here: /^status 1$/ }],
  },
]
