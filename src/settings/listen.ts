import { lookup } from 'node:dns/promises'
import { createServer, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import type { ListenAddress } from '../platform/address.js'
import { FatalError } from '../platform/fatal-error.js'

/** Which of a server's options say where it listens. */
export interface ListenOptions {
  readonly ip?: string | undefined
  readonly port: number
  readonly socket?: string | undefined
}

/**
 * Where Envoy is to listen, with an IP address or the absolute path of a socket.
 *
 * @throws FatalError if the host name can't be resolved
 */
export async function envoyAddress({ ip, port, socket }: ListenOptions): Promise<ListenAddress> {
  return socket === undefined ? { host: await listenIp(ip), port } : { socketPath: resolve(socket) }
}

/** Where a server in Node.js is to listen; it resolves host names by itself, and takes no host at all for all of them. */
export function nodeAddress({ ip = '', port, socket }: ListenOptions): ListenAddress {
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

/** Interfaces may show addresses that the kernel, or a sandbox, gives nobody a socket for. */
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
