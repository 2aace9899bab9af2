import { lookup } from 'node:dns/promises'
import { createServer, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import type { ListenAddress } from '../platform/address.js'
import { FatalError } from '../platform/fatal-error.js'
import type { OptionSpec, OptionValues } from './option.js'
import { PORT } from './option.js'

/** The public address. */
export const LISTEN_OPTIONS = [
  { flags: '--ip <ip-address>', description: 'Public-facing IP of the proxy', defaultDescription: 'all' },
  { flags: '--port <n>', description: 'Public-facing port of the proxy', default: 8000, number: PORT },
  {
    flags: '--socket <path>',
    description: 'Unix socket for the proxy to listen on, instead of IP and port',
    conflicts: ['ip', 'port'],
  },
] as const satisfies readonly OptionSpec[]

export type ListenOptions = OptionValues<typeof LISTEN_OPTIONS>

/**
 * Where Envoy listens: an IP address and a port, or the absolute path of a socket.
 *
 * @throws FatalError if the host name can't be resolved
 */
export async function readPublicAddress({ ip, port, socket }: ListenOptions): Promise<ListenAddress> {
  return socket === undefined ? { host: await listenIp(ip), port } : { socketPath: resolve(socket) }
}

/** Where a server of this process listens, as its options give it. */
export interface ServerAddress {
  readonly ip: string
  readonly port: number
  readonly socket: string | undefined
}

/** Where a server in Node.js listens. Node.js resolves host names itself; an empty host means all addresses. */
export function nodeAddress({ ip, port, socket }: ServerAddress): ListenAddress {
  return socket === undefined ? { host: ip === '*' ? '' : ip, port } : { socketPath: resolve(socket) }
}

/** As in CHP: nothing, '' or '*' mean all interfaces, and a host name is resolved. */
export async function listenIp(ip: string | undefined): Promise<string> {
  if (ip === undefined || ip === '' || ip === '*') return (await hasIPv6()) ? '::' : '0.0.0.0'
  if (isIP(ip) !== 0) return ip
  const found = await lookup(ip).catch((error: Error) => {
    throw new FatalError(`--ip ${ip} can't be resolved to an address: ${error.message}`)
  })
  return found.address
}

/** An interface may have an IPv6 address although the kernel, or a sandbox, allows no IPv6 socket. So one is tried. */
async function hasIPv6(): Promise<boolean> {
  const shown = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family }) => family === 'IPv6'),
  )
  if (!shown) return false
  const probe = createServer()
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false))
    probe.listen(0, '::', () => probe.close(() => resolve(true)))
  })
}
