import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { FatalError } from '../../platform/fatal-error.js'
import type { Origin } from '../wire/socket.js'

/** Addresses that no stranger has: loopback, private and link-local ones. */
const PRIVATE = privateAddresses()

/** How a name's addresses are found; tests have their own. */
export type Resolve = (name: string) => Promise<readonly string[]>

const resolve: Resolve = async (name) => (await lookup(name, { all: true })).map(({ address }) => address)

/**
 * Where users of this URL go. Its name is resolved once: what was found to be allowed is what gets the load.
 *
 * @param option which option it is from, for errors
 * @param isMine whether public addresses are allowed, since the operator has said that it is theirs
 * @throws FatalError if it is no URL of HTTP, has no address, or has one that is public
 */
export async function allowedOrigin(option: string, url: string, isMine: boolean, find = resolve): Promise<Origin> {
  const { protocol, host, hostname, port } = parsed(option, url)
  const isTls = protocol === 'https:'
  const name = hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(name) ? [name] : await find(name).catch(() => [])
  const [address] = addresses
  if (address === undefined) throw new FatalError(`${option} ${url}: ${name} has no address. Check the name.`)
  const open = addresses.find((one) => !isPrivate(one))
  if (open !== undefined && !isMine) throw new FatalError(refusal(option, url, name, open))
  return { address, host, isTls, takesAnyCertificate: false, port: Number(port) || (isTls ? 443 : 80) }
}

export function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function refusal(option: string, url: string, name: string, address: string): string {
  const found = name === address ? '' : ` (${address})`
  return (
    `${option} ${url} is at a public address${found}. A rehearsal is as much load as a class of users, and breaks things on ` +
    'purpose: run it only against what is yours. If this is, add --this-is-my-hub.'
  )
}

function parsed(option: string, url: string): URL {
  const found = URL.canParse(url) ? new URL(url) : undefined
  if (found?.protocol === 'http:' || found?.protocol === 'https:') return found
  throw new FatalError(`${option} takes a URL such as http://127.0.0.1:8000, not ${url}.`)
}

function privateAddresses(): BlockList {
  const list = new BlockList()
  for (const [net, prefix] of [
    ...([
      ['127.0.0.0', 8],
      ['10.0.0.0', 8],
      ['172.16.0.0', 12],
      ['192.168.0.0', 16],
      ['169.254.0.0', 16],
    ] as const),
  ]) {
    list.addSubnet(net, prefix, 'ipv4')
  }
  list.addAddress('::1', 'ipv6')
  list.addSubnet('fc00::', 7, 'ipv6')
  list.addSubnet('fe80::', 10, 'ipv6')
  return list
}
