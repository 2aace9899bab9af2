/*
 * Handles signals. Importing this file catches those that mean nothing here but would end Node.js, or, as SIGUSR1 does,
 * open its debugger to every user of the machine.
 */
import { closeSync, openSync } from 'node:fs'
import type { Logger } from '../../platform/log.js'

const NOTHING_TO_DO = [
  ...['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSTKFLT'],
  // A limit of file sizes or processor time: the write fails, or the kernel kills the process at the hard limit.
  ...['SIGXFSZ', 'SIGXCPU'],
] as const

const STOP = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const

for (const signal of NOTHING_TO_DO) process.on(signal, () => {})

export interface SignalHandlers {
  readonly onStop: () => void
  /** For SIGUSR1, as with nginx: opens logs again; undefined if there is no such log. */
  readonly onReopen: (() => void) | undefined
  /** For SIGUSR2: more is logged, or no longer. */
  readonly onDebug: () => void
}

/** Handles the signals that stop this process, and those for its logs. From now on none ends it without ending Envoy. */
export function handleSignals(log: Logger, { onStop, onReopen, onDebug }: SignalHandlers): void {
  for (const signal of NOTHING_TO_DO) {
    const handler = { SIGUSR1: onReopen, SIGUSR2: onDebug }[signal as string]
    process.on(signal, handler ?? (() => log.info(`${signal} is ignored`)))
  }
  for (const signal of STOP) process.on(signal, onStop)
  const hadTerminal = hasTerminal()
  process.on('SIGHUP', () => {
    // A closed terminal ends what was started in it, and is already gone when SIGHUP arrives.
    if (hadTerminal && !hasTerminal()) onStop()
    else log.info('SIGHUP: new certificates are taken up without it, other settings need a restart')
  })
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
