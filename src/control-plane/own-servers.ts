import { statSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { dirname, resolve } from 'node:path'
import { runtimeDirOf } from '../data-plane/embedded/runtime-dir.js'
import type { ListenAddress } from '../platform/address.js'
import type { Target } from '../routing/target.js'
import { invalidTarget, parseTarget } from '../routing/target.js'
import { DEFAULT_ADMIN_SOCKET } from '../settings/bootstrap.js'
import type { Settings } from '../settings/settings.js'

/** A server of this proxy, which must not be the target of a route. */
interface OwnServer {
  readonly what: string
  readonly at: ListenAddress
}

/**
 * Parses targets, and refuses those that lead back to this proxy: its public port would loop, and its other servers are
 * not for users. A host name that resolves to this proxy passes, and so does a path that becomes a link later: then
 * each of these servers protects itself.
 *
 * @throws TargetInvalidError also for any other invalid target
 */
export function targetReader(settings: Settings): (text: string) => Target {
  const servers = [...ownServers(settings)]
  // The hot-restart sockets are in it too.
  const directory = runtimeDirOf(settings).path
  return (text) => {
    const target = parseTarget(text)
    const found = servers.find(({ at }) => leadsTo(target.address, at))
    if (found !== undefined) throw leadsBack(text, found.what)
    const { address } = target
    if ('socketPath' in address && isSame(dirname(address.socketPath), directory)) throw leadsBack(text, 'sockets')
    return target
  }
}

function leadsBack(text: string, what: string): Error {
  return invalidTarget(text, `it leads back to this proxy, to its ${what}`)
}

function* ownServers(settings: Settings): Iterable<OwnServer> {
  const { public: at, redirect, api, metrics, external } = settings
  const { adminSocket, adsSocket } = runtimeDirOf(settings)
  yield { what: 'public address', at }
  yield { what: 'REST API', at: api.at }
  if (redirect !== undefined) yield { what: 'redirection to HTTPS', at: redirect.at }
  if (metrics !== undefined) yield { what: 'metrics', at: metrics }
  yield { what: 'server for Envoys', at: external?.address ?? { socketPath: adsSocket } }
  yield { what: 'admin interface', at: { socketPath: external === undefined ? adminSocket : DEFAULT_ADMIN_SOCKET } }
}

function leadsTo(address: Target['address'], own: ListenAddress): boolean {
  if ('socketPath' in address) return 'socketPath' in own && isSame(address.socketPath, own.socketPath)
  return 'host' in own && address.port === own.port && isHost(address.host, own.host)
}

/** Whether two paths lead to the same file, also through links. */
function isSame(one: string, other: string): boolean {
  if (resolve(one) === resolve(other)) return true
  const [found, known] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }))
  return found !== undefined && found.ino === known?.ino && found.dev === known.dev
}

/** A server that listens on one of these listens on every address. */
const ALL: ReadonlySet<string> = new Set(['', '::', '0.0.0.0'])
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/** Whether a target's host is an address that a server listens on. */
function isHost(host: string, listening: string): boolean {
  const [name, own] = [plain(host), plain(listening)]
  if (name === own) return true
  // The kernel takes a connection to an unspecified address as one to this machine.
  const isHere = LOOPBACK.has(name) || ALL.has(name)
  if (ALL.has(own)) return isHere || name.startsWith('127.') || ownAddresses().has(name)
  if (!LOOPBACK.has(own)) return false
  return own === 'localhost' ? isHere : name === 'localhost' || ALL.has(name)
}

function ownAddresses(): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => plain(address)) ?? []))
}

/** A host in the form for comparing: lower case, no trailing dot, and IPv4-mapped IPv6 addresses as IPv4. */
function plain(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '')
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(lower) ?? []
  if (high === undefined || low === undefined) return lower.replace(/^::ffff:/, '')
  const [upper, rest] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [upper >> 8, upper & 255, rest >> 8, rest & 255].join('.')
}
