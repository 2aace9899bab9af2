#!/usr/bin/env node
import { once } from 'node:events'
import { parseCommandLine } from './command.js'
import { FatalError } from './errors.js'
import { createLogger } from './log.js'
import { ConfigurableEnvoyProxy } from './proxy.js'
import { PASSPHRASES } from './settings/tls.js'
import { readSettings } from './settings.js'

/** A terminal that is closed sends SIGHUP; without us Envoy, in a process group of its own, would go on. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

async function main(): Promise<void> {
  const settings = await readSettings(parseCommandLine(process.argv.slice(2)), process.env)
  // Envoy and pip have no use for them, and what isn't there can't leak.
  for (const name of ['CONFIGPROXY_AUTH_TOKEN', ...Object.values(PASSPHRASES)]) delete process.env[name]
  const log = createLogger(settings.logLevel)
  for (const warning of [...settings.tls.warnings, ...settings.limits.warnings]) log.warn(warning)

  const proxy = new ConfigurableEnvoyProxy(settings, log)
  const stopped = Promise.race(STOP_SIGNALS.map((signal) => once(process, signal)))
  await Promise.race([proxy.start(), stopped])
  await Promise.race([stopped, proxy.failed]).catch(async (error) => {
    await proxy.close(false)
    throw error
  })
  log.info('Stopping')
  // A second signal ends the waiting for requests under way.
  for (const signal of STOP_SIGNALS) process.on(signal, () => void proxy.close(false))
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
