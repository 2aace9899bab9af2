import { FatalError } from '../platform/fatal-error.js'
import type { Reloadable } from '../platform/reloadable.js'
import type { Target } from '../routing/target.js'
import { parseTarget } from '../routing/target.js'
import type { OptionSpec, OptionValues } from './option.js'
import { wholeNumber } from './option.js'
import { authoritiesOf } from './tls-files.js'

/** Traces of requests, which Envoy sends. */
export const TRACING_OPTIONS = [
  {
    flags: '--otlp-endpoint <url>',
    description:
      "OpenTelemetry collector that gets traces of users' requests: http://host:4318 or https://..., or grpc://host:4317 or grpcs://...",
    defaultDescription: 'no traces',
  },
  {
    flags: '--otlp-sampling <percent>',
    description: 'How many of the requests are traced',
    default: 10,
    number: wholeNumber('The share of traced requests in percent', 0, 100),
  },
  {
    flags: '--otlp-ssl-ca <ca-file>',
    description: "Authorities that the collector's certificate is checked against",
    defaultDescription: 'those of Node.js',
  },
] as const satisfies readonly OptionSpec[]

export type TracingOptions = OptionValues<typeof TRACING_OPTIONS>

export interface TracingSettings {
  readonly collector: Target
  /** Where it takes traces by OTLP over HTTP; undefined for OTLP over gRPC. */
  readonly uri: string | undefined
  /** In percent. */
  readonly sampling: number
  /** The authorities of the collector's certificate; undefined without TLS. */
  readonly authorities: Reloadable<Buffer> | undefined
}

/** OTLP's own path below an endpoint. */
const TRACES_PATH = '/v1/traces'

/** The scheme that a kind of endpoint has for a target. */
const SCHEMES = { http: 'http', https: 'https', grpc: 'http', grpcs: 'https' } as const

/** OTLP's own port for gRPC. */
const GRPC_PORT = 4317

/** @throws FatalError if the endpoint or the file of authorities can't be used */
export async function readTracing(
  { otlpEndpoint, otlpSampling: sampling, otlpSslCa }: TracingOptions,
  env: NodeJS.ProcessEnv,
): Promise<TracingSettings | undefined> {
  if (otlpEndpoint === undefined) return undefined
  const { collector, uri } = readEndpoint(otlpEndpoint)
  if (otlpSslCa !== undefined && !collector.tls) {
    throw new FatalError('--otlp-ssl-ca needs an --otlp-endpoint with TLS: https:// or grpcs://.')
  }
  const authorities = collector.tls ? await authoritiesOf('--otlp-ssl-ca', otlpSslCa, env) : undefined
  return { collector, uri, sampling, authorities }
}

function readEndpoint(endpoint: string): Pick<TracingSettings, 'collector' | 'uri'> {
  const scheme = /^(https?|grpcs?):\/\//.exec(endpoint)?.[1] as keyof typeof SCHEMES | undefined
  if (scheme === undefined) {
    throw new FatalError('--otlp-endpoint must start with http://, https://, grpc:// or grpcs://.')
  }
  const isGrpc = scheme.startsWith('grpc')
  const url = SCHEMES[scheme] + endpoint.slice(scheme.length)
  let collector: Target
  try {
    collector = parseTarget(url)
  } catch (error) {
    throw new FatalError(`--otlp-endpoint: ${(error as Error).message}`)
  }
  const { port, search } = new URL(url)
  if (search !== '') throw new FatalError("--otlp-endpoint can't have a query.")
  if (!isGrpc) return { collector, uri: url.replace(/\/*$/, TRACES_PATH) }
  if (collector.path !== '') throw new FatalError("--otlp-endpoint can't have a path with gRPC: grpc://host:4317.")
  return { collector: port === '' ? withPort(collector, GRPC_PORT) : collector, uri: undefined }
}

function withPort(target: Target, port: number): Target {
  return 'host' in target.address ? { ...target, address: { ...target.address, port } } : target
}
