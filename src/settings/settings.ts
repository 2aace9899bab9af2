import { availableParallelism } from 'node:os'
import type { ListenAddress } from '../platform/address.js'
import { FatalError } from '../platform/fatal-error.js'
import type { LogLevel } from '../platform/log.js'
import { parseTarget } from '../routing/target.js'
import type { ApiOptions, ApiSettings } from './api.js'
import { readApiSettings } from './api.js'
import type { ErrorPageOptions, ErrorPageSettings } from './error-pages.js'
import { readErrorPages } from './error-pages.js'
import type { ForwardingOptions, ForwardingSettings } from './forwarding.js'
import { readForwarding } from './forwarding.js'
import type { LimitOptions, Limits } from './limits.js'
import { readLimits } from './limits.js'
import { envoyAddress } from './listen.js'
import { readMachine } from './machine.js'
import type { MetricsOptions } from './metrics.js'
import { metricsAddress } from './metrics.js'
import type { RedirectOptions, RedirectSettings } from './redirect.js'
import { readRedirectSettings } from './redirect.js'
import type { StoreOptions, StoreSettings } from './store.js'
import { readStoreSettings } from './store.js'
import type { TlsOptions, TlsSettings } from './tls.js'
import { readTlsSettings } from './tls.js'
import type { ExternalSettings, XdsOptions } from './xds.js'
import { readExternal } from './xds.js'

/** The values of the proxy's options, as commander names them. */
export interface Options
  extends TlsOptions,
    ApiOptions,
    ErrorPageOptions,
    ForwardingOptions,
    LimitOptions,
    MetricsOptions,
    RedirectOptions,
    StoreOptions,
    XdsOptions {
  readonly ip?: string
  readonly defaultTarget?: string
  readonly pidFile?: string
  readonly hostRouting?: true
  readonly logLevel: LogLevel
  readonly envoyPath?: string
  readonly workers?: number
  readonly orphanTimeout: number
}

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
  /** For how many seconds Envoy serves on when the control plane has died and doesn't come back; 0 for ever. */
  readonly orphanSeconds: number
  readonly limits: Limits
  /** Undefined where Envoy is started from here. */
  readonly external: ExternalSettings | undefined
}

/** A hub's traffic is far below what four workers carry, and each costs memory. */
const DEFAULT_MAX_WORKERS = 4

/** @throws FatalError if a file can't be read or an address not be resolved */
export async function readSettings(values: Options, env: NodeJS.ProcessEnv): Promise<Settings> {
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
    orphanSeconds: values.orphanTimeout,
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
