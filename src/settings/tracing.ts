import { FatalError } from '../platform/fatal-error.js'
import type { Target } from '../routing/target.js'
import { parseTarget } from '../routing/target.js'
import type { OptionSpec, OptionValues } from './option.js'
import { wholeNumber } from './option.js'

/** Traces of requests, which Envoy sends. */
export const TRACING_OPTIONS = [
  {
    flags: '--otlp-endpoint <url>',
    description: "OpenTelemetry collector that gets traces of users' requests (http://host:4318)",
    defaultDescription: 'no traces',
  },
  {
    flags: '--otlp-sampling <percent>',
    description: 'How many of the requests are traced',
    default: 10,
    number: wholeNumber('The share of traced requests in percent', 0, 100),
  },
] as const satisfies readonly OptionSpec[]

export type TracingOptions = OptionValues<typeof TRACING_OPTIONS>

export interface TracingSettings {
  readonly collector: Target
  /** Where it takes traces. */
  readonly uri: string
  /** In percent. */
  readonly sampling: number
}

/** OTLP's own path below an endpoint. */
const TRACES_PATH = '/v1/traces'

/** @throws FatalError if the endpoint can't be used */
export function readTracing({ otlpEndpoint, otlpSampling: sampling }: TracingOptions): TracingSettings | undefined {
  if (otlpEndpoint === undefined) return undefined
  let collector: Target
  try {
    collector = parseTarget(otlpEndpoint)
  } catch (error) {
    throw new FatalError(`--otlp-endpoint: ${(error as Error).message}`)
  }
  if (!otlpEndpoint.startsWith('http://') || new URL(otlpEndpoint).search !== '') {
    throw new FatalError(
      '--otlp-endpoint is http://host:port: OTLP over HTTP. For TLS, send to a collector on this machine.',
    )
  }
  return { collector, uri: otlpEndpoint.replace(/\/*$/, TRACES_PATH), sampling }
}
