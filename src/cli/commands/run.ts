import type { LogLevel, RootLogger } from '../../platform/log.js'
import { createLogger, leftOutLine, setLevel } from '../../platform/log.js'
import { standardOutput } from '../../platform/log-output.js'
import { SECRETS } from '../../settings/secrets.js'
import type { Options, Settings } from '../../settings/settings.js'
import { readSettings } from '../../settings/settings.js'
import { exitByFault, flushAtExit } from '../process/exit.js'
import { handleSignals } from '../process/signals.js'
import { ConfigurableEnvoyProxy } from './run/proxy.js'

/**
 * Runs the proxy until a signal stops it.
 *
 * @throws FatalError if it can't start or go on
 */
export async function run(values: Options): Promise<void> {
  const settings = await readSettings(values, process.env)
  // Child processes don't need them, and what isn't there can't leak.
  for (const name of SECRETS) delete process.env[name]
  const { logLevel, logFormat } = settings.process
  const output = standardOutput((count) => leftOutLine(count, logFormat))
  flushAtExit(output)
  const log = createLogger(logLevel, output, logFormat)
  for (const warning of warningsOf(settings)) log.warn(warning)

  const proxy = new ConfigurableEnvoyProxy(settings, log)
  // Unhandled rejections too. The state is unknown then; Envoy keeps serving, and the next start adopts it.
  process.on('uncaughtException', (error) => void exitByFault(error, 'Envoy, if it has started, keeps serving.'))
  let onSignal = () => {}
  const stopped = new Promise<void>((resolve) => {
    onSignal = resolve
  })
  const hasFile = settings.accessLog?.file !== undefined
  handleSignals(log, {
    onStop: () => onSignal(),
    onDebug: () => toggleDebug(log, logLevel),
    onReopen: hasFile ? () => void proxy.reopenAccessLog() : undefined,
  })
  await Promise.race([proxy.start(), stopped])
  await Promise.race([stopped, proxy.failed]).catch(async (error) => {
    await proxy.abandon()
    throw error
  })
  // A second signal stops waiting for requests in flight.
  onSignal = () => void proxy.close(false)
  log.info('Stopping')
  await proxy.close(true)
}

/** From the level that was asked for to debug, and back. */
function toggleDebug(log: RootLogger, asked: LogLevel): void {
  setLevel(log, log.level === 'debug' ? asked : 'debug')
}

function warningsOf({ api, tls, limits, external, store }: Settings): string[] {
  return [api, tls, limits, external, store].flatMap((part) => part?.warnings ?? [])
}
