import { availableParallelism } from 'node:os'
import type { ListenAddress } from './address.js'
import type { CommandLine } from './command.js'
import { FatalError } from './errors.js'
import type { LogLevel } from './log.js'
import { parseTarget } from './routing/target.js'
import type { ApiSettings } from './settings/api.js'
import { readApiSettings } from './settings/api.js'
import type { ErrorPageSettings } from './settings/error-pages.js'
import { readErrorPages } from './settings/error-pages.js'
import type { ForwardingSettings } from './settings/forwarding.js'
import { readForwarding } from './settings/forwarding.js'
import type { Limits } from './settings/limits.js'
import { readLimits } from './settings/limits.js'
import { envoyAddress } from './settings/listen.js'
import { readMachine } from './settings/machine.js'
import { metricsAddress } from './settings/metrics.js'
import type { RedirectSettings } from './settings/redirect.js'
import { readRedirectSettings } from './settings/redirect.js'
import type { StoreSettings } from './settings/store.js'
import { readStoreSettings } from './settings/store.js'
import type { SupervisionSettings } from './settings/supervision.js'
import { readSupervision } from './settings/supervision.js'
import type { TlsSettings } from './settings/tls.js'
import { readTlsSettings } from './settings/tls.js'
import type { ExternalSettings } from './settings/xds.js'
import { readExternal } from './settings/xds.js'

/** What the proxy runs with: the command line and the environment, checked and complete. */
export interface Settings {
  /** An IP address, `::` for all, or a unix socket. */
  readonly public: ListenAddress
  readonly tls: TlsSettings
  readonly redirect: RedirectSettings | undefined
  readonly api: ApiSettings
  /** Undefined where metrics are not served. */
  readonly metrics: ListenAddress | undefined
  readonly store: StoreSettings
  readonly defaultTarget: string | undefined
  readonly errorPages: ErrorPageSettings
  readonly pidFile: string | undefined
  readonly hostRouting: boolean
  readonly forwarding: ForwardingSettings
  readonly logLevel: LogLevel
  readonly envoyPath: string | undefined
  readonly workers: number
  readonly supervision: SupervisionSettings
  readonly limits: Limits
  /** Undefined where Envoy is started from here. */
  readonly external: ExternalSettings | undefined
}

/** A hub's traffic is far below what four workers carry, and each costs memory. */
const DEFAULT_MAX_WORKERS = 4

/** @throws FatalError if a file can't be read or an address not be resolved */
export async function readSettings(values: CommandLine, env: NodeJS.ProcessEnv): Promise<Settings> {
  const machine = readMachine()
  return {
    public: await envoyAddress(values),
    tls: await readTlsSettings(values, env),
    redirect: await readRedirectSettings(values),
    api: await readApiSettings(values, env, machine),
    metrics: metricsAddress(values),
    store: readStoreSettings(values),
    defaultTarget: checkedTarget(values.defaultTarget),
    errorPages: await readErrorPages(values),
    pidFile: values.pidFile,
    hostRouting: values.hostRouting ?? false,
    forwarding: readForwarding(values),
    logLevel: values.logLevel,
    envoyPath: values.envoyPath ?? (env.ENVOY_PATH || undefined),
    limits: readLimits(values, machine),
    workers: values.workers ?? Math.min(availableParallelism(), DEFAULT_MAX_WORKERS),
    supervision: readSupervision(values),
    external: await readExternal(values, env),
  }
}

function checkedTarget(target: string | undefined): string | undefined {
  try {
    if (target !== undefined) parseTarget(target)
    return target
  } catch (error) {
    throw new FatalError(`--default-target: ${(error as Error).message}`)
  }
}
