import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { availableParallelism, networkInterfaces } from 'node:os'
import type { CommandLine } from './command.js'
import { FatalError } from './errors.js'
import type { LogLevel } from './log.js'
import type { Certificate } from './resources/listener.js'

/** What the proxy runs with: the command line and the environment, checked and complete. */
export interface Settings {
  /** An IP address, `::` for all; the port is fixed. */
  readonly public: { readonly ip: string; readonly port: number; readonly certificate?: Certificate }
  readonly api: { readonly host: string; readonly port: number }
  /** Undefined where CONFIGPROXY_AUTH_TOKEN is not set. */
  readonly token: string | undefined
  readonly defaultTarget: string | undefined
  readonly pidFile: string | undefined
  readonly hostRouting: boolean
  readonly logLevel: LogLevel
  readonly envoyPath: string | undefined
  readonly workers: number
}

/** A hub's traffic is far below what four workers carry, and each costs memory. */
const DEFAULT_MAX_WORKERS = 4

/** @throws FatalError if a file can't be read or an address not be resolved */
export async function readSettings(values: CommandLine, env: NodeJS.ProcessEnv): Promise<Settings> {
  const certificate = await readCertificate(values, env)
  return {
    public: { ip: await listenIp(values.ip), port: values.port, ...(certificate && { certificate }) },
    api: { host: values.apiIp === '*' ? '' : values.apiIp, port: values.apiPort ?? values.port + 1 },
    token: env.CONFIGPROXY_AUTH_TOKEN || undefined,
    defaultTarget: values.defaultTarget,
    pidFile: values.pidFile,
    hostRouting: values.hostRouting ?? false,
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

async function readCertificate(values: CommandLine, env: NodeJS.ProcessEnv): Promise<Certificate | undefined> {
  const { sslKey, sslCert } = values
  if (sslKey === undefined && sslCert === undefined) return undefined
  if (sslKey === undefined || sslCert === undefined) {
    throw new FatalError('--ssl-key and --ssl-cert are needed together.')
  }
  const [key, chain] = await Promise.all([readOption('--ssl-key', sslKey), readOption('--ssl-cert', sslCert)])
  const passphrase = env.CONFIGPROXY_SSL_KEY_PASSPHRASE
  return { chain, key, ...(passphrase ? { passphrase } : {}) }
}

function readOption(flag: string, path: string): Promise<Buffer> {
  return readFile(path).catch((error: Error) => {
    throw new FatalError(`The file of ${flag} can't be read: ${error.message}`)
  })
}
