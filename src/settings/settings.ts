import type { ListenAddress } from '../platform/address.js'
import type { ApiSettings } from './api.js'
import { API_OPTIONS, readApiSettings } from './api.js'
import { inHelpOrder } from './chp-options.js'
import type { EmbeddedSettings } from './embedded.js'
import { EMBEDDED_OPTIONS, readEmbedded } from './embedded.js'
import type { ErrorPageSettings } from './error-pages.js'
import { ERROR_PAGE_OPTIONS, readErrorPages } from './error-pages.js'
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

const ALL_OPTIONS = [
  ...LISTEN_OPTIONS,
  ...PUBLIC_TLS_OPTIONS,
  ...TARGET_TLS_OPTIONS,
  ...REDIRECT_OPTIONS,
  ...API_OPTIONS,
  ...METRICS_OPTIONS,
  ...STORE_OPTIONS,
  ...ROUTING_OPTIONS,
  ...ERROR_PAGE_OPTIONS,
  ...PROCESS_OPTIONS,
  ...FORWARDING_OPTIONS,
  ...EMBEDDED_OPTIONS,
  ...LIMIT_OPTIONS,
  ...EXTERNAL_OPTIONS,
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
}

/** @throws FatalError if an option can't be used, a file can't be read or an address can't be resolved */
export async function readSettings(values: Options, env: NodeJS.ProcessEnv): Promise<Settings> {
  const machine = readMachine()
  return {
    public: await readPublicAddress(values),
    tls: await readTlsSettings(values, env),
    redirect: await readRedirectSettings(values),
    api: await readApiSettings(values, env, machine),
    metrics: metricsAddress(values),
    store: readStoreSettings(values),
    routing: readRouting(values),
    errorPages: await readErrorPages(values),
    process: readProcessSettings(values),
    forwarding: readForwarding(values),
    embedded: readEmbedded(values, env),
    limits: readLimits(values, machine),
    external: await readExternal(values, env),
  }
}
