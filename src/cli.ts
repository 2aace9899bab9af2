#!/usr/bin/env node
// Before anything that takes memory.
import './small-heap.js'

import { parseCommandLine } from './command.js'
import { FatalError } from './errors.js'
import { createLogger } from './log.js'
import { runtimeDirOf } from './places.js'
import { ConfigurableEnvoyProxy } from './proxy.js'
import { PASSPHRASES } from './settings/tls.js'
import { readSettings } from './settings.js'
import { stop } from './stop.js'

/** A terminal that is closed sends SIGHUP; without us Envoy, in a process group of its own, would go on. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

async function main(): Promise<void> {
  const { action, values } = parseCommandLine(process.argv.slice(2))
  const settings = await readSettings(values, process.env)
  if (action === 'stop') return console.log(await stop(runtimeDirOf(settings)))
  // Envoy and pip have no use for them, and what isn't there can't leak.
  for (const name of ['CONFIGPROXY_AUTH_TOKEN', ...Object.values(PASSPHRASES)]) delete process.env[name]
  const log = createLogger(settings.logLevel)
  for (const warning of [...settings.tls.warnings, ...settings.limits.warnings]) log.warn(warning)

  const proxy = new ConfigurableEnvoyProxy(settings, log)
  // Handled from now on without a gap, in which a signal would end this process and leave Envoy behind.
  let onSignal = () => {}
  const stopped = new Promise<void>((resolve) => {
    onSignal = resolve
  })
  for (const signal of STOP_SIGNALS) process.on(signal, () => onSignal())
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

main().then(
  () => process.exit(0),
  (error: unknown) => {
    // One line for what the operator can mend; anything else is a fault of ours and keeps its stack.
    console.error(error instanceof FatalError ? `error: ${error.message}` : error)
    process.exit(1)
  },
)
