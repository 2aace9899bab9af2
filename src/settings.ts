import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { availableParallelism, networkInterfaces } from 'node:os'
import type { CommandLine } from './command.js'
import { FatalError } from './errors.js'
import type { LogLevel } from './log.js'
import type { ErrorPageSettings } from './settings/error-pages.js'
import { readErrorPages } from './settings/error-pages.js'
import type { ForwardingSettings } from './settings/forwarding.js'
import { readForwarding } from './settings/forwarding.js'
import type { TlsSettings } from './settings/tls.js'
import { readTlsSettings } from './settings/tls.js'

/** What the proxy runs with: the command line and the environment, checked and complete. */
export interface Settings {
  /** An IP address, `::` for all; the port is fixed. */
  readonly public: { readonly ip: string; readonly port: number }
  readonly tls: TlsSettings
  readonly api: { readonly host: string; readonly port: number }
  /** Undefined where CONFIGPROXY_AUTH_TOKEN is not set. */
  readonly token: string | undefined
  readonly defaultTarget: string | undefined
  readonly errorPages: ErrorPageSettings
  readonly pidFile: string | undefined
  readonly hostRouting: boolean
  readonly forwarding: ForwardingSettings
  readonly logLevel: LogLevel
  readonly envoyPath: string | undefined
  readonly workers: number
}

/** A hub's traffic is far below what four workers carry, and each costs memory. */
const DEFAULT_MAX_WORKERS = 4

/** @throws FatalError if a file can't be read or an address not be resolved */
export async function readSettings(values: CommandLine, env: NodeJS.ProcessEnv): Promise<Settings> {
  return {
    public: { ip: await listenIp(values.ip), port: values.port },
    tls: await readTlsSettings(values, env),
    api: { host: values.apiIp === '*' ? '' : values.apiIp, port: values.apiPort ?? values.port + 1 },
    token: env.CONFIGPROXY_AUTH_TOKEN || undefined,
    defaultTarget: values.defaultTarget,
    errorPages: await readErrorPages(values),
    pidFile: values.pidFile,
    hostRouting: values.hostRouting ?? false,
    forwarding: readForwarding(values),
    logLevel: values.logLevel,
    envoyPath: values.envoyPath ?? (env.ENVOY_PATH || undefined),
    workers: values.workers ?? Math.min(availableParallelism(), DEFAULT_MAX_WORKERS),
  }
}

/** As in CHP: nothing, '' or '*' mean all interfaces, and a host name is resolved. */
async function listenIp(ip: string | undefined): Promise<string> {
  if (ip === undefined || ip === '' || ip === '*') return hasIPv6() ? '::' : '0.0.0.0'
  if (isIP(ip) !== 0) return ip
  const found = await lookup(ip).catch((error: Error) => {
    throw new FatalError(`--ip ${ip} can't be resolved to an address: ${error.message}`)
  })
  return found.address
}

function hasIPv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'))
}
