import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import type { ListenAddress } from '../platform/address.js'
import { shownAddress } from '../platform/address.js'
import { FatalError } from '../platform/fatal-error.js'
import type { MutualTls } from '../xds/credentials.js'
import type { EmbeddedOptions } from './embedded.js'
import type { LimitOptions } from './limits.js'
import { listenIp } from './listen.js'
import type { OptionSpec, OptionValues } from './option.js'
import { authoritiesOf, keyPairOf } from './tls-files.js'

/** Where Envoys and the control plane meet. */
export const EXTERNAL_OPTIONS = [
  {
    flags: '--envoy-mode <mode>',
    description: 'embedded: this process starts Envoy; external: others start any number of Envoys',
    default: 'embedded',
    choices: ['embedded', 'external'],
  },
  {
    flags: '--xds-address <address>',
    description: 'Where external Envoys find this process: unix:/path or host:port',
  },
  { flags: '--xds-ssl-key <file>', description: 'TLS key between this process and external Envoys' },
  { flags: '--xds-ssl-cert <file>', description: 'TLS certificate between them' },
  { flags: '--xds-ssl-ca <file>', description: 'Authorities that have signed the certificates of both sides' },
  {
    flags: '--member-address <address>',
    description: 'Where other control planes of the same routes reach this one: a host, or host:port',
    defaultDescription: '--xds-address, unless that is any address',
  },
] as const satisfies readonly OptionSpec[]

export type ExternalOptions = OptionValues<typeof EXTERNAL_OPTIONS>

/** Options that have an effect only if Envoy is embedded. */
type OptionsOfEmbedded = Pick<EmbeddedOptions, 'envoyPath' | 'workers'> &
  Pick<LimitOptions, 'maxHeap' | 'maxConnections'>

/** How external Envoys connect to the control plane. */
export interface ExternalSettings {
  readonly address: ListenAddress
  /** Undefined for plain gRPC, which only a unix socket may have. */
  readonly tls: MutualTls | undefined
  /** `host:port` at which other control planes reach this one; undefined if they can't. */
  readonly memberAddress: string | undefined
  /** About options that have no effect. */
  readonly warnings: readonly string[]
}

const ADDRESS = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d+)$/

/**
 * Reads the section; undefined if Envoy is embedded.
 *
 * @throws FatalError if the options don't fit each other or a file can't be used
 */
export async function readExternal(
  options: ExternalOptions & OptionsOfEmbedded,
  env: NodeJS.ProcessEnv,
): Promise<ExternalSettings | undefined> {
  const { xdsAddress, xdsSslKey, xdsSslCert, xdsSslCa, memberAddress } = options
  if (options.envoyMode === 'embedded') {
    const given = [xdsAddress, xdsSslKey, xdsSslCert, xdsSslCa, memberAddress]
    if (given.every((value) => value === undefined)) return undefined
    throw new FatalError(
      '--xds-address, --xds-ssl-key, -cert and -ca, and --member-address go with --envoy-mode external.',
    )
  }
  if (xdsAddress === undefined) {
    throw new FatalError('--envoy-mode external needs --xds-address: where Envoys find this control plane.')
  }
  const named = parseXdsAddress(xdsAddress)
  const address = 'socketPath' in named ? named : { ...named, host: await listenIp(named.host) }
  const tls = await readMutualTls(options, env)
  requireTls(address, tls !== undefined)
  return {
    address,
    tls,
    memberAddress: readMemberAddress(memberAddress, address),
    warnings: [...warningsAbout(options)],
  }
}

/** @throws FatalError if others can't reach this process there */
function readMemberAddress(text: string | undefined, at: ListenAddress): string | undefined {
  if ('socketPath' in at) {
    if (text === undefined) return undefined
    throw new FatalError('--member-address needs an --xds-address of the form host:port: it leads to that server.')
  }
  if (text === undefined) return isAnyAddress(at.host) ? undefined : shownAddress(at)
  const isHost = isIP(text) === 6 || !text.includes(':')
  return shownAddress(isHost ? { host: text, port: at.port } : parseHostPort('--member-address', text, 'a host or '))
}

/** Whether it stands for all addresses of this machine. */
function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host)
}

/** @throws FatalError if the text is neither `unix:/absolute/path` nor `host:port` */
export function parseXdsAddress(text: string): ListenAddress {
  if (text.startsWith('unix:')) {
    const socketPath = text.slice('unix:'.length)
    if (isAbsolute(socketPath)) return { socketPath }
  }
  return parseHostPort('--xds-address', text, 'unix:/absolute/path or ')
}

/** @throws FatalError that names the option, and `others`: the other forms it may have */
export function parseHostPort(flag: string, text: string, others = ''): { host: string; port: number } {
  const { v6, host, port } = ADDRESS.exec(text)?.groups ?? {}
  const number = Number(port)
  const isHost = v6 === undefined ? host !== undefined : isIP(v6) === 6
  if (isHost && number >= 1 && number <= 65535) return { host: v6 ?? host ?? '', port: number }
  throw new FatalError(`${flag} ${text} can't be used: write ${others}host:port.`)
}

/**
 * Every client of this server gets the routes and the key of the public port's certificate. The permissions of a socket
 * file restrict who can connect. A TCP address restricts no one: even a loopback address can be reached by any user of
 * the machine.
 *
 * @throws FatalError if strangers could connect
 */
export function requireTls(address: ListenAddress, hasTls: boolean): void {
  if ('socketPath' in address) {
    if (hasTls) throw new FatalError('--xds-ssl-key, -cert and -ca are for a TCP address, not for a unix socket.')
  } else if (!hasTls) {
    throw new FatalError(
      `--xds-address ${shownAddress(address)} can be reached by any user of the machine, and maybe from others: add --xds-ssl-key, --xds-ssl-cert and --xds-ssl-ca, or use a unix socket.`,
    )
  }
}

async function readMutualTls(options: ExternalOptions, env: NodeJS.ProcessEnv): Promise<MutualTls | undefined> {
  const { xdsSslKey, xdsSslCert, xdsSslCa } = options
  if (!hasTlsFiles(options)) return undefined
  const certificate = await keyPairOf(
    { flag: '--xds-ssl-key', path: xdsSslKey },
    { flag: '--xds-ssl-cert', path: xdsSslCert },
  )
  return certificate && { certificate, authorities: await authoritiesOf('--xds-ssl-ca', xdsSslCa, env) }
}

/**
 * Whether the three TLS files are given.
 *
 * @throws FatalError if only some are
 */
export function hasTlsFiles<T extends Pick<ExternalOptions, 'xdsSslKey' | 'xdsSslCert' | 'xdsSslCa'>>(
  options: T,
): options is T & { readonly xdsSslKey: string; readonly xdsSslCert: string; readonly xdsSslCa: string } {
  const paths = [options.xdsSslKey, options.xdsSslCert, options.xdsSslCa]
  if (paths.every((path) => path === undefined)) return false
  if (paths.every((path) => path !== undefined)) return true
  throw new FatalError('--xds-ssl-key, --xds-ssl-cert and --xds-ssl-ca are needed together.')
}

function* warningsAbout(options: OptionsOfEmbedded): Iterable<string> {
  const { envoyPath, workers, maxHeap, maxConnections } = options
  if (envoyPath !== undefined || workers !== undefined) {
    yield '--envoy-path and --workers have no effect with --envoy-mode external: they are chosen where Envoy is started'
  }
  if (maxHeap !== undefined || maxConnections !== undefined) {
    yield '--max-heap and --max-connections do nothing here with --envoy-mode external: they are for `bootstrap`'
  }
}
