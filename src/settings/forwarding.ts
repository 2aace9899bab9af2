import { validateHeaderName, validateHeaderValue } from 'node:http'
import { FatalError } from '../platform/fatal-error.js'

/** The options of what happens to requests and responses. */
export interface ForwardingOptions {
  readonly xForward: boolean
  readonly prependPath: boolean
  readonly includePrefix: boolean
  readonly autoRewrite?: true
  readonly changeOrigin?: true
  readonly protocolRewrite?: string
  readonly customHeader?: Readonly<Record<string, string>>
  readonly timeout?: number
  readonly proxyTimeout?: number
  readonly keepAliveTimeout?: number
}

/** What happens to requests and responses on their way, the same for all routes. */
export interface ForwardingSettings {
  /** Whether backends are told by x-forwarded-* headers who asks, and for what. */
  readonly xForward: boolean
  /** Headers that every request gets in place of the client's own. */
  readonly customHeaders: Readonly<Record<string, string>>
  /** Whether a target's path goes before the request's. */
  readonly prependPath: boolean
  /** Whether the route's prefix stays in the request's path. */
  readonly includePrefix: boolean
  /** Whether Host is the target's, not the client's. */
  readonly changeOrigin: boolean
  /** Whether a redirect to the target is turned into one to the host that the client asked. */
  readonly autoRewrite: boolean
  /** The scheme that a redirect to the target gets. */
  readonly protocolRewrite: 'http' | 'https' | undefined
  /** After how many milliseconds without a byte a request is given up; websockets are not. Undefined for never. */
  readonly idleTimeoutMs: number | undefined
  /** How many milliseconds a client's connection is kept without a request. */
  readonly keepAliveTimeoutMs: number
}

/**
 * Longer than a load balancer keeps its connections (AWS 60 s, Azure 4 min, Google 10 min), so that it is the one who
 * closes: one that sends a request on a connection just being closed shows its user a 502. With CHP's 5 s it may.
 */
const DEFAULT_KEEP_ALIVE_MS = 620_000

/** @throws FatalError if a value can't be used */
export function readForwarding(values: ForwardingOptions): ForwardingSettings {
  // As in CHP, 0 is none at all.
  const timeouts = [values.timeout, values.proxyTimeout].filter((ms): ms is number => ms !== undefined && ms > 0)
  return {
    xForward: values.xForward,
    customHeaders: checkedHeaders(values.customHeader ?? {}),
    prependPath: values.prependPath,
    includePrefix: values.includePrefix,
    changeOrigin: values.changeOrigin ?? false,
    autoRewrite: values.autoRewrite ?? false,
    protocolRewrite: protocolRewrite(values.protocolRewrite),
    idleTimeoutMs: timeouts.length === 0 ? undefined : Math.min(...timeouts),
    keepAliveTimeoutMs: values.keepAliveTimeout || DEFAULT_KEEP_ALIVE_MS,
  }
}

function checkedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      // The value may be a secret.
      throw new FatalError(`--custom-header ${JSON.stringify(name)}: its name or value is not allowed in HTTP.`)
    }
  }
  return headers
}

function protocolRewrite(value: string | undefined): 'http' | 'https' | undefined {
  const scheme = value?.replace(/:$/, '').toLowerCase()
  if (scheme === undefined || scheme === 'http' || scheme === 'https') return scheme
  throw new FatalError(`--protocol-rewrite is http or https, not ${value}.`)
}
