import { lookup } from 'node:dns/promises'
import { access, constants, lstat, rm } from 'node:fs/promises'
import type { AddressInfo, Server } from 'node:net'
import { connect, createServer } from 'node:net'
import { dirname } from 'node:path'
import { FatalError } from './fatal-error.js'

/** Where a server listens: an address of the network, or the absolute path of a unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly socketPath: string }

/** The longest path that a unix socket can have on Linux, in bytes. */
export const MAX_SOCKET_PATH = 107

/**
 * Checks that an address is free before Envoy uses it. Envoy would report a problem later and less clearly, and for a
 * unix socket not at all: it removes another server's file. A port that this process has no right to is not an error
 * here, since Envoy may have that right.
 *
 * @param server the server that will listen there, to begin a sentence with: `The proxy`
 * @throws FatalError if nothing can listen there
 */
export async function checkAddress(server: string, address: ListenAddress): Promise<void> {
  await listening(server, address, () =>
    listenOnce(address).catch((error: NodeJS.ErrnoException) => {
      if (!('port' in address && error.code === 'EACCES')) throw error
    }),
  )
}

/** Listens for a moment. @throws an error of the system if that fails */
async function listenOnce(address: ListenAddress): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(listenOptions(address), resolve)
  })
  await new Promise((resolve) => probe.close(resolve))
}

/** Why nothing can listen on an address. */
export interface ListenTrouble {
  /** The system's name for it, such as EADDRINUSE; undefined if there is none. */
  readonly code: string | undefined
  readonly reason: string
}

/** Why this process can't listen on an address; undefined if it can. Neither leaves nor removes a socket's file. */
export async function listenTrouble(address: ListenAddress): Promise<ListenTrouble | undefined> {
  const isSocket = 'socketPath' in address
  try {
    if (isSocket) {
      await isStale(address.socketPath)
      await access(dirname(address.socketPath), constants.W_OK | constants.X_OK).catch((error) => {
        throw Object.assign(error, { code: 'EACCES' })
      })
    } else await listenOnce(address)
    return undefined
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code, reason: listenFailure(error as Error, isSocket) }
  }
}

/**
 * Listens, after removing a stale unix socket: its file stays when its server is killed, and would be in the way.
 *
 * @param server see {@link checkAddress}
 * @param listen listens; called once the address is free
 * @throws FatalError saying why it can't, and what to do
 */
export async function listening(server: string, address: ListenAddress, listen: () => Promise<unknown>): Promise<void> {
  try {
    if ('socketPath' in address) await removeStale(address.socketPath)
    await listen()
  } catch (error) {
    const reason = listenFailure(error as Error, 'socketPath' in address)
    throw new FatalError(`${server} can't listen on ${shownAddress(address)}: ${reason}`)
  }
}

/** The address in the form of Node.js's `listen`. */
export function listenOptions(address: ListenAddress): { host: string; port: number } | { path: string } {
  return 'socketPath' in address ? { path: address.socketPath } : { host: address.host, port: address.port }
}

/**
 * Gives a server that listens on `localhost` the connections to the name's other addresses, too: it is often both
 * 127.0.0.1 and ::1, and clients differ in which they try. Where nothing can listen is no error.
 *
 * @returns what listens there; it must be closed with the server
 */
export async function listenOnAllOfLocalhost(server: Server, at: ListenAddress, backlog: number): Promise<Server[]> {
  if ('socketPath' in at || at.host !== 'localhost') return []
  const { address: own, port } = server.address() as AddressInfo
  const found = await lookup(at.host, { all: true }).catch(() => [])
  const others = found.filter(({ address }) => address !== own)
  const opened = await Promise.all(
    others.map(({ address }) => {
      const other = createServer((socket) => void server.emit('connection', socket))
      return new Promise<Server | undefined>((resolve) => {
        other.once('error', () => resolve(undefined))
        other.listen({ host: address, port, backlog }, () => resolve(other))
      })
    }),
  )
  return opened.filter((other) => other !== undefined)
}

async function removeStale(socketPath: string): Promise<void> {
  if (await isStale(socketPath)) await rm(socketPath, { force: true })
}

/** Whether there is a socket that nothing serves. @throws Error if something else is in the way */
async function isStale(socketPath: string): Promise<boolean> {
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
    throw new Error(`a unix socket's path has at most ${MAX_SOCKET_PATH} bytes. Choose a shorter one.`)
  }
  const found = await lstat(socketPath).catch(() => undefined)
  if (found === undefined) return false
  if (!found.isSocket()) throw new Error('the file is there and is no socket. Choose another path or remove it.')
  if (await isServed(socketPath)) throw new Error('the socket is in use. Stop what uses it or choose another path.')
  return true
}

/** Whether a server may be listening on a socket. If the connection is refused, no process is. */
function isServed(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'))
  })
}

/** A name for the public address. It distinguishes proxies of one user without --state-dir. */
export function publicAddressOf(at: ListenAddress): string {
  return 'socketPath' in at ? at.socketPath : `${at.host}-${at.port}`
}

/** An address in the form of a URL's authority, or the path of a socket. */
export function shownAddress(address: ListenAddress): string {
  return 'socketPath' in address ? address.socketPath : hostPort(address.host, address.port)
}

/** An address in the form of a URL's authority. An empty host means all addresses. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host || '*'}:${port}`
}

/** Why a server can't listen, and what to do. */
function listenFailure({ code, message }: NodeJS.ErrnoException, isSocket: boolean): string {
  // Node.js reports EACCES also for a missing directory.
  if (isSocket && code === 'EACCES') {
    return 'there is no such directory, or this user may not write there. Choose another path.'
  }
  if (code === 'EADDRINUSE') return 'the port is in use. Stop what uses it or choose another.'
  if (code === 'EACCES') return 'this user may not use that port. Choose one from 1024 on.'
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address.'
  return message
}
