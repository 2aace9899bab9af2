import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { FatalError } from '../platform/fatal-error.js'
import { checkReadByEnvoy, readEnvoyKeyPair } from '../tls/envoy-keys.js'
import { readAuthorities } from '../tls/files.js'
import type { ExternalOptions } from './external.js'
import { hasTlsFiles, parseHostPort, parseXdsAddress, requireTls } from './external.js'
import type { LimitOptions, Limits } from './limits.js'
import { readLimits } from './limits.js'
import type { Machine } from './machine.js'
import type { OptionSpec, OptionValues } from './option.js'

/** The default socket of Envoy's admin interface; docs/external.md sets up containers with it. */
export const DEFAULT_ADMIN_SOCKET = '/run/cep/admin.sock'

/** An option of `bootstrap` and of `drain`. */
export const ADMIN_SOCKET = {
  flags: '--admin-socket <path>',
  description: "Unix socket of Envoy's admin interface",
  default: DEFAULT_ADMIN_SOCKET,
} as const satisfies OptionSpec

/** The options that only `bootstrap` has. It also takes the proxy's options of its address and its limits. */
export const BOOTSTRAP_OPTIONS = [
  {
    flags: '--mode <mode>',
    description: 'sidecar: the control plane is at a unix socket; gateway: at a host and port',
    choices: ['sidecar', 'gateway'],
    isMandatory: true,
  },
  {
    flags: '--output <file>',
    description: 'File to write it to; with TLS, two more files beside it begin with its name',
    defaultDescription: 'standard output',
  },
  ADMIN_SOCKET,
  {
    flags: '--node-id <id>',
    description: "Name of this Envoy in the control plane's log",
    defaultDescription: 'the host name',
  },
  {
    flags: '--fleet',
    description: 'There is more than one control plane: leave one that is silent for 1.5 s. Several addresses imply it',
  },
  {
    flags: '--xds-server-name <name>',
    description: 'Name in the certificates of the control planes',
    defaultDescription: 'the host of --xds-address',
  },
  {
    flags: '--stats-address <address>',
    description: 'host:port where Envoy serves its statistics, at /stats/prometheus',
  },
] as const satisfies readonly OptionSpec[]

export type BootstrapOptions = OptionValues<typeof BOOTSTRAP_OPTIONS>

/** The files that a TLS client needs, as absolute paths. */
export interface ClientTlsFiles {
  readonly key: string
  readonly certificate: string
  readonly authorities: string
}

/** Control planes that Envoy reaches over TCP. */
export interface ControlPlanes {
  readonly endpoints: ReadonlyArray<{ readonly host: string; readonly port: number }>
  /** Whether there is more than one. */
  readonly isFleet: boolean
  /** The name in their certificates; undefined for the host. */
  readonly serverName: string | undefined
}

/** What the bootstrap of an external Envoy is made from. */
export interface BootstrapSettings {
  readonly controlPlane: { readonly socketPath: string } | ControlPlanes
  /** Undefined for plain gRPC. */
  readonly tls: ClientTlsFiles | undefined
  readonly adminSocket: string
  readonly nodeId: string
  readonly statsAt: { readonly host: string; readonly port: number } | undefined
  readonly limits: Limits
  /** Undefined for standard output. */
  readonly output: string | undefined
}

/** @throws FatalError if the options don't fit each other or a file can't be used */
export async function readBootstrapSettings(
  own: BootstrapOptions,
  shared: ExternalOptions & LimitOptions,
  machine: Machine,
): Promise<BootstrapSettings> {
  if (shared.xdsAddress === undefined)
    throw new FatalError('bootstrap needs --xds-address: where the control plane is.')
  const controlPlane = readControlPlanes(shared.xdsAddress, own)
  const isSocket = 'socketPath' in controlPlane
  if (isSocket !== (own.mode === 'sidecar')) {
    throw new FatalError(
      `--mode ${own.mode} needs an --xds-address of the form ${isSocket ? 'host:port' : 'unix:/path'}.`,
    )
  }
  const tls = await readClientTls(shared)
  for (const at of isSocket ? [controlPlane] : controlPlane.endpoints) requireTls(at, tls !== undefined)
  if (tls !== undefined && own.output === undefined) {
    throw new FatalError('--output is needed with --xds-ssl-cert: Envoy reads what to renew from files beside it.')
  }
  return {
    controlPlane,
    tls,
    adminSocket: resolve(own.adminSocket),
    nodeId: own.nodeId ?? hostname(),
    statsAt: own.statsAddress === undefined ? undefined : parseHostPort('--stats-address', own.statsAddress),
    limits: readLimits(shared, machine),
    output: own.output === undefined ? undefined : resolve(own.output),
  }
}

/** @throws FatalError if it is neither a `unix:` address nor one or more of the form `host:port` */
function readControlPlanes(text: string, own: BootstrapOptions): BootstrapSettings['controlPlane'] {
  const [first = '', ...others] = text.startsWith('unix:') ? [text] : text.split(',')
  const at = parseXdsAddress(first)
  if ('socketPath' in at) return at
  return {
    endpoints: [at, ...others.map((one) => parseHostPort('--xds-address', one))],
    isFleet: own.fleet === true || others.length > 0,
    serverName: own.xdsServerName,
  }
}

/** Reads the files too, so that a wrong one is reported here and not by Envoy. */
async function readClientTls(options: ExternalOptions): Promise<ClientTlsFiles | undefined> {
  if (!hasTlsFiles(options)) return undefined
  const { xdsSslKey: key, xdsSslCert: certificate, xdsSslCa: authorities } = options
  const files = {
    key: { flag: '--xds-ssl-key', path: key },
    certificate: { flag: '--xds-ssl-cert', path: certificate },
    authorities: { flag: '--xds-ssl-ca', path: authorities },
  }
  await readEnvoyKeyPair(files)
  await readAuthorities(files.authorities)
  for (const file of Object.values(files)) await checkReadByEnvoy(file)
  return { key: resolve(key), certificate: resolve(certificate), authorities: resolve(authorities) }
}
