import { hasOnlyOptions, parseCommandLine } from './command-line.js'
import { run } from './commands/run.js'
import { exit, exitByError } from './process/exit.js'

/** Does what the command line says, and ends the process with its status. */
export function start(): void {
  main(process.argv.slice(2)).then(exit, exitByError)
}

/** @returns the exit status */
async function main(argv: readonly string[]): Promise<number> {
  // A proxy that runs for months doesn't need the memory of the others.
  const subcommands = hasOnlyOptions(argv) ? [] : (await import('./commands/all.js')).SUBCOMMANDS
  const { values, subcommand } = parseCommandLine(argv, subcommands)
  const status = await (subcommand === undefined ? run(values) : subcommand())
  return status ?? 0
}
