#!/usr/bin/env node
// Before anything that takes memory or time.
import './small-heap.js'
import './signals.js'

import { runtimeDirOf, stateDirKeyOf } from '../data-plane/embedded/places.js'
import { EnvoyAdmin } from '../envoy/admin.js'
import { sendAway } from '../envoy/drain.js'
import { FatalError } from '../platform/fatal-error.js'
import { createLogger } from '../platform/log.js'
import type { LogOutput } from '../platform/log-output.js'
import { neverWait, standardOutput } from '../platform/log-output.js'
import { printable } from '../platform/text.js'
import { PUBLIC } from '../resources/names.js'
import type { BootstrapOptions } from '../settings/bootstrap.js'
import { readBootstrapSettings } from '../settings/bootstrap.js'
import { readMachine } from '../settings/machine.js'
import type { Options, Settings } from '../settings/settings.js'
import { readSettings } from '../settings/settings.js'
import { PASSPHRASES } from '../settings/tls.js'
import { forgetRoutes } from '../store/forget.js'
import type { DrainOptions, StopOptions } from './command.js'
import { parseCommandLine } from './command.js'
import { makeBootstrap } from './commands/bootstrap.js'
import { stop } from './commands/stop.js'
import { ConfigurableEnvoyProxy } from './proxy.js'
import { handleSignals } from './signals.js'

/** A fault of this program (EX_SOFTWARE of sysexits.h): whoever watches over it should start it again. */
const FAULT = 70

/** How long the end waits for who reads the log, and how much of one line of it is read. */
const LAST_WORDS = { limitMs: 1_000, characters: 2_000 } as const

let output: LogOutput | undefined

async function main(): Promise<void> {
  const command = parseCommandLine(process.argv.slice(2))
  const { values } = command
  if (command.action === 'drain') return drainEnvoy(command.own)
  if (command.action === 'bootstrap') return printBootstrap(command.own, values)
  const settings = await readSettings(values, process.env)
  if (command.action === 'stop') return stopProxy(settings, command.own)
  // Envoy and pip have no use for them, and what isn't there can't leak.
  for (const name of ['CONFIGPROXY_AUTH_TOKEN', ...Object.values(PASSPHRASES)]) delete process.env[name]
  output = standardOutput()
  const log = createLogger(settings.logLevel, output)
  for (const warning of warningsOf(settings)) log.warn(warning)

  const proxy = new ConfigurableEnvoyProxy(settings, log)
  // Rejections that nobody handles, too. What state it left is unknown; Envoy serves on, and the next start goes on with it.
  process.on('uncaughtException', (error) => void exitByFault(error, 'Envoy, if it has started, serves on.'))
  let onSignal = () => {}
  const stopped = new Promise<void>((resolve) => {
    onSignal = resolve
  })
  handleSignals(log, () => onSignal())
  await Promise.race([proxy.start(), stopped])
  await Promise.race([stopped, proxy.failed]).catch(async (error) => {
    await proxy.abandon()
    throw error
  })
  // A second signal ends the waiting for requests under way.
  onSignal = () => void proxy.close(false)
  log.info('Stopping')
  await proxy.close(true)
}

async function stopProxy(settings: Settings, { forget }: StopOptions): Promise<void> {
  console.log(await stop(runtimeDirOf(settings), settings.public))
  if (forget) console.log(await forgetRoutes(stateDirKeyOf(settings)))
}

function warningsOf({ api, tls, limits, external }: Settings): string[] {
  return [api, tls, limits, external].flatMap((part) => part?.warnings ?? [])
}

async function printBootstrap(own: BootstrapOptions, values: Options): Promise<void> {
  process.stdout.write(await makeBootstrap(await readBootstrapSettings(own, values, readMachine())))
}

async function drainEnvoy({ adminSocket, seconds }: DrainOptions): Promise<void> {
  await sendAway(new EnvoyAdmin(adminSocket), PUBLIC, seconds * 1000).catch((error: Error) => {
    throw new FatalError(`The Envoy at ${adminSocket} can't be drained: ${error.message}`)
  })
}

async function exit(status: number): Promise<never> {
  await output?.flush(LAST_WORDS.limitMs)
  process.exit(status)
}

/** It keeps its stack: it is for who writes this program. */
function exitByFault(error: unknown, state: string): Promise<never> {
  neverWait(process.stderr)
  const stack = error instanceof Error ? error.stack : String(error)
  console.error(`error: This is a fault of configurable-envoy-proxy; please report it. ${state} ${stack}`)
  return exit(FAULT)
}

main().then(
  () => exit(0),
  (error: unknown) => {
    if (!(error instanceof FatalError)) return exitByFault(error, 'It has not started or was stopped.')
    neverWait(process.stderr)
    // One line for what the operator can mend.
    console.error(`error: ${printable(error.message, LAST_WORDS.characters)}`)
    return exit(1)
  },
)
