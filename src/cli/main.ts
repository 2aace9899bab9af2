#!/usr/bin/env node
// First: before anything takes memory or time.
import './process/small-heap.js'
import './process/signals.js'

import { parseCommandLine } from './command-line.js'
import { bootstrap } from './commands/bootstrap.js'
import { drain } from './commands/drain.js'
import { run } from './commands/run.js'
import { stop } from './commands/stop.js'
import { exit, exitByError } from './process/exit.js'

const SUBCOMMANDS = [stop, bootstrap, drain]

async function main(): Promise<void> {
  const { values, subcommand } = parseCommandLine(process.argv.slice(2), SUBCOMMANDS)
  return subcommand === undefined ? run(values) : subcommand()
}

main().then(() => exit(0), exitByError)
