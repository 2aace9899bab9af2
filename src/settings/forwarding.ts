import { validateHeaderName, validateHeaderValue } from 'node:http'
import { InvalidArgumentError } from 'commander'
import { FatalError } from '../platform/fatal-error.js'
import type { OptionSpec, OptionValues } from './option.js'
import { MILLISECONDS } from './option.js'

/** What happens to requests and responses. */
export const FORWARDING_OPTIONS = [
  { flags: '--no-x-forward', description: "Don't add X-Forwarded headers to requests" },
  { flags: '--no-prepend-path', description: "Don't put the target's path before the request's" },
  { flags: '--no-include-prefix', description: "Don't include the route's prefix in requests" },
  { flags: '--auto-rewrite', description: "Rewrite host and port of redirects' Location" },
  { flags: '--change-origin', description: "Set the Host header to the target's" },
  { flags: '--protocol-rewrite <proto>', description: "Set the protocol of redirects' Location" },
  {
    flags: '--custom-header <header>',
    description: 'Header to add to requests, name:value; may be repeated',
    parse: collectHeader,
  },
  {
    flags: '--timeout <n>',
    description: 'Milliseconds after which a request without any traffic is given up',
    number: MILLISECONDS,
  },
  {
    flags: '--proxy-timeout <n>',
    description: 'Milliseconds to wait for a response of the target',
    number: MILLISECONDS,
  },
  {
    flags: '--keep-alive-timeout <timeout>',
    description: 'Milliseconds that an idle connection of a client is kept',
    defaultDescription: '620000',
    number: MILLISECONDS,
  },
  {
    flags: '--request-id',
    description: 'Give each request an X-Request-ID, or keep the one it has, for targets, logs and error pages',
  },
] as const satisfies readonly OptionSpec[]

export type ForwardingOptions = OptionValues<typeof FORWARDING_OPTIONS>

/** What happens to requests and responses on their way, the same for all routes. */
export interface ForwardingSettings {
  /** Whether x-forwarded-* headers tell targets the client's address, scheme, host and port. */
  readonly xForward: boolean
  /** Headers that replace the client's in every request. */
  readonly customHeaders: Readonly<Record<string, string>>
  /** Whether the target's path is put before the request's. */
  readonly prependPath: boolean
  /** Whether the route's prefix stays in the request's path. */
  readonly includePrefix: boolean
  /** Whether the Host header is the target's. */
  readonly changeOrigin: boolean
  /** Whether a redirect to the target is rewritten to the host that the client used. */
  readonly autoRewrite: boolean
  /** The scheme that redirects to the target are given. */
  readonly protocolRewrite: 'http' | 'https' | undefined
  /** After how many milliseconds without a byte a request ends; undefined for never. Websockets have no such limit. */
  readonly idleTimeoutMs: number | undefined
  /** How long an idle client connection is kept, in milliseconds. */
  readonly keepAliveTimeoutMs: number
  /** Whether each request has an x-request-id. */
  readonly requestId: boolean
}

/**
 * Longer than load balancers keep idle connections (AWS 60 s, Azure 4 min, Google 10 min), so that they close them
 * first. A load balancer that sends a request on a connection that is just being closed answers 502, which CHP's 5 s
 * allow.
 */
const DEFAULT_KEEP_ALIVE_MS = 620_000

/** @throws FatalError if a value can't be used */
export function readForwarding(values: ForwardingOptions): ForwardingSettings {
  // As in CHP, 0 means no limit.
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
    // As in CHP, 0 means the default.
    keepAliveTimeoutMs: values.keepAliveTimeout || DEFAULT_KEEP_ALIVE_MS,
    requestId: values.requestId ?? false,
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

/** Collects `--custom-header name:value`. As in CHP the first colon separates the two, and both are trimmed. */
function collectHeader(
  value: string,
  previous: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const colon = value.trim().indexOf(':')
  if (colon <= 0) throw new InvalidArgumentError(`A colon was expected in custom header: ${value.trim()}`)
  const name = value.trim().slice(0, colon).trim()
  return {
    ...previous,
    [name]: value
      .trim()
      .slice(colon + 1)
      .trim(),
  }
}
