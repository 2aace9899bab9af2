/*
 * What signals do. Importing this takes those that would end Node.js, or open its debugger to every user of the machine
 * (SIGUSR1), and ask for nothing that there is to do here.
 */
import { closeSync, openSync } from 'node:fs'
import type { Logger } from '../../platform/log.js'

const NOTHING_TO_DO = [
  ...['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSTKFLT'],
  // A limit for files or processor time: the write fails, or the kernel kills at the hard limit.
  ...['SIGXFSZ', 'SIGXCPU'],
] as const

const STOP = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const

for (const signal of NOTHING_TO_DO) process.on(signal, () => {})

/** Without a gap from now on, in which a signal would end this process and leave Envoy behind. */
export function handleSignals(log: Logger, onStop: () => void): void {
  for (const signal of NOTHING_TO_DO) process.on(signal, () => log.info(`${signal} is ignored`))
  for (const signal of STOP) process.on(signal, onStop)
  const hadTerminal = hasTerminal()
  process.on('SIGHUP', () => {
    // A terminal that is closed ends what was started in it, and is gone when this is told.
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
