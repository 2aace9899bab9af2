#!/usr/bin/env node
// First: before anything takes memory or time.
import './process/small-heap.js'
import './process/signals.js'

import { parseCommandLine } from './command-line.js'
import { bootstrap } from './commands/bootstrap.js'
import { doctor } from './commands/doctor.js'
import { drain } from './commands/drain.js'

import { explain } from './commands/explain.js'

import { exportRoutes } from './commands/export.js'
import { importRoutes } from './commands/import.js'

import { run } from './commands/run.js'
import { stop } from './commands/stop.js'
import { exit, exitByError } from './process/exit.js'

const SUBCOMMANDS = [stop, bootstrap, drain, doctor, explain, exportRoutes, importRoutes]

/** @returns the exit status */
async function main(): Promise<number> {
  const { values, subcommand } = parseCommandLine(process.argv.slice(2), SUBCOMMANDS)
  const status = await (subcommand === undefined ? run(values) : subcommand())
  return status ?? 0
}

main().then(exit, exitByError)
