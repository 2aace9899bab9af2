import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { FatalError } from '../platform/fatal-error.js'
import { checkReadByEnvoy, readEnvoyKeyPair } from '../tls/envoy-keys.js'
import { readAuthorities } from '../tls/files.js'
import type { LimitOptions, Limits } from './limits.js'
import { readLimits } from './limits.js'
import type { Machine } from './machine.js'
import type { XdsOptions } from './xds.js'
import { hasTlsFiles, parseHostPort, parseXdsAddress, requireTls } from './xds.js'

/** Where Envoy's admin interface is if it isn't said, in containers as they are documented. */
export const DEFAULT_ADMIN_SOCKET = '/run/cep/admin.sock'

/** The options of `bootstrap` alone, as commander names them. */
export interface BootstrapOptions {
  readonly mode: 'sidecar' | 'gateway'
  readonly output?: string
  readonly adminSocket: string
  readonly nodeId?: string
  readonly statsAddress?: string
}

/** The files of a TLS client. */
export interface ClientTlsFiles {
  readonly key: string
  readonly certificate: string
  readonly authorities: string
}

/** What an Envoy that others start is to be started with. */
export interface BootstrapSettings {
  readonly controlPlane: ReturnType<typeof parseXdsAddress>
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
  shared: XdsOptions & LimitOptions,
  machine: Machine,
): Promise<BootstrapSettings> {
  if (shared.xdsAddress === undefined)
    throw new FatalError('bootstrap needs --xds-address: where the control plane is.')
  const controlPlane = parseXdsAddress(shared.xdsAddress)
  const isSocket = 'socketPath' in controlPlane
  if (isSocket !== (own.mode === 'sidecar')) {
    throw new FatalError(
      `--mode ${own.mode} needs an --xds-address of the form ${isSocket ? 'host:port' : 'unix:/path'}.`,
    )
  }
  const tls = await readClientTls(shared)
  requireTls(controlPlane, tls !== undefined)
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

/** The files are read as well, so that what is wrong with them is said here and not by Envoy. */
async function readClientTls(options: XdsOptions): Promise<ClientTlsFiles | undefined> {
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
