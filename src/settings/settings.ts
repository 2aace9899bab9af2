import type { ListenAddress } from '../platform/address.js'
import { FatalError } from '../platform/fatal-error.js'
import type { AccessLogSettings } from './access-log.js'
import { ACCESS_LOG_OPTIONS, readAccessLog } from './access-log.js'
import type { ApiSettings } from './api.js'
import { API_OPTIONS, readApiSettings } from './api.js'
import { inHelpOrder } from './chp-options.js'
import type { EmbeddedSettings } from './embedded.js'
import { EMBEDDED_OPTIONS, readEmbedded } from './embedded.js'
import type { ErrorPageSettings } from './error-pages.js'
import { ERROR_PAGE_OPTIONS, readErrorPages } from './error-pages.js'
import { ETCD_OPTIONS } from './etcd.js'
import type { ExternalSettings } from './external.js'
import { EXTERNAL_OPTIONS, readExternal } from './external.js'
import type { ForwardingSettings } from './forwarding.js'
import { FORWARDING_OPTIONS, readForwarding } from './forwarding.js'
import type { Limits } from './limits.js'
import { LIMIT_OPTIONS, readLimits } from './limits.js'
import { LISTEN_OPTIONS, readPublicAddress } from './listen.js'
import { readMachine } from './machine.js'
import { METRICS_OPTIONS, metricsAddress } from './metrics.js'
import type { OptionSpec, OptionValues } from './option.js'
import type { ProcessSettings } from './process.js'
import { PROCESS_OPTIONS, readProcessSettings } from './process.js'
import { PUBLIC_TLS_OPTIONS } from './public-tls.js'
import type { RedirectSettings } from './redirect.js'
import { REDIRECT_OPTIONS, readRedirectSettings } from './redirect.js'
import type { RoutingSettings } from './routing.js'
import { ROUTING_OPTIONS, readRouting } from './routing.js'
import type { StoreSettings } from './store.js'
import { readStoreSettings, STORE_OPTIONS } from './store.js'
import { TARGET_TLS_OPTIONS } from './target-tls.js'
import type { TlsSettings } from './tls.js'
import { readTlsSettings } from './tls.js'
import type { TracingSettings } from './tracing.js'
import { readTracing, TRACING_OPTIONS } from './tracing.js'

const ALL_OPTIONS = [
  ...LISTEN_OPTIONS,
  ...PUBLIC_TLS_OPTIONS,
  ...TARGET_TLS_OPTIONS,
  ...REDIRECT_OPTIONS,
  ...API_OPTIONS,
  ...METRICS_OPTIONS,
  ...STORE_OPTIONS,
  ...ETCD_OPTIONS,
  ...ROUTING_OPTIONS,
  ...ERROR_PAGE_OPTIONS,
  ...PROCESS_OPTIONS,
  ...FORWARDING_OPTIONS,
  ...EMBEDDED_OPTIONS,
  ...LIMIT_OPTIONS,
  ...EXTERNAL_OPTIONS,
  ...ACCESS_LOG_OPTIONS,
  ...TRACING_OPTIONS,
] as const

/** The proxy's options. */
export const OPTIONS: readonly OptionSpec[] = inHelpOrder(ALL_OPTIONS)

/** The values of the proxy's options, as commander names them. */
export type Options = OptionValues<typeof ALL_OPTIONS>

/** What the proxy runs with: the command line and the environment, checked and complete. */
export interface Settings {
  /** An IP address, `::` for all, or a unix socket. */
  readonly public: ListenAddress
  readonly tls: TlsSettings
  readonly redirect: RedirectSettings | undefined
  readonly api: ApiSettings
  /** Undefined if metrics are not served. */
  readonly metrics: ListenAddress | undefined
  readonly store: StoreSettings
  readonly routing: RoutingSettings
  readonly errorPages: ErrorPageSettings
  readonly process: ProcessSettings
  readonly forwarding: ForwardingSettings
  readonly embedded: EmbeddedSettings
  readonly limits: Limits
  /** Undefined if Envoy is embedded. */
  readonly external: ExternalSettings | undefined
  /** Undefined without an access log. */
  readonly accessLog: AccessLogSettings | undefined
  /** Undefined without traces. */
  readonly tracing: TracingSettings | undefined
}

/** @throws FatalError if an option can't be used, a file can't be read or an address can't be resolved */
export async function readSettings(values: Options, env: NodeJS.ProcessEnv): Promise<Settings> {
  const settings: Record<string, unknown> = {}
  for (const [name, read] of Object.entries(readers(values, env))) settings[name] = await read()
  return settings as unknown as Settings
}

/** Each section of the settings, or why it can't be used. */
export type Sections = { readonly [Name in keyof Settings]: Settings[Name] | FatalError }

/** Reads each section by itself, so that a fault in one doesn't hide those in others. */
export async function readSections(values: Options, env: NodeJS.ProcessEnv): Promise<Sections> {
  const sections: Record<string, unknown> = {}
  for (const [name, read] of Object.entries(readers(values, env))) {
    sections[name] = await attempt(read)
  }
  return sections as unknown as Sections
}

async function attempt(read: () => unknown): Promise<unknown> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof FatalError) return error
    throw error
  }
}

/** The reader of each section, in the order in which they report a fault. */
function readers(
  values: Options,
  env: NodeJS.ProcessEnv,
): { readonly [Name in keyof Settings]: () => Settings[Name] | Promise<Settings[Name]> } {
  const machine = readMachine()
  return {
    public: () => readPublicAddress(values),
    tls: () => readTlsSettings(values, env),
    redirect: () => readRedirectSettings(values),
    api: () => readApiSettings(values, env, machine),
    metrics: () => metricsAddress(values),
    store: () => readStoreSettings(values, env),
    routing: () => readRouting(values),
    errorPages: () => readErrorPages(values),
    process: () => readProcessSettings(values),
    forwarding: () => readForwarding(values),
    embedded: () => readEmbedded(values, env),
    limits: () => readLimits(values, machine),
    external: () => readExternal(values, env),
    accessLog: () => readAccessLog(values),
    tracing: () => readTracing(values, env),
  }
}
