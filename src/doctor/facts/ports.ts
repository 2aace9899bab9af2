import { readdirSync, readFileSync } from 'node:fs'
import type { ListenAddress } from '../../platform/address.js'
import { openFiles, socketsBelow } from '../../platform/processes.js'

/** A process that has a port or a socket. */
export interface Holder {
  readonly pid: number
  readonly name: string
}

/** The state LISTEN in /proc/net/tcp. */
const LISTEN = '0A'

/** The processes that listen on an address, as far as this user may see them. */
export function holdersOf(address: ListenAddress): Holder[] {
  const sockets = 'socketPath' in address ? socketsBelow(address.socketPath) : listeningOn(address.port)
  if (sockets.size === 0) return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .map(Number)
    .filter((pid) => openFiles(pid)?.some(({ file }) => sockets.has(file)))
    .map((pid) => ({ pid, name: read(`/proc/${pid}/comm`).trim() }))
}

function listeningOn(port: number): Set<string> {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(read)
  return new Set(tables.flatMap((table) => listeningSockets(table, port)))
}

/** The sockets in a table of the kernel that listen on a port, in the form of `OpenFile.file`. */
export function listeningSockets(table: string, port: number): string[] {
  return table.split('\n').flatMap((line) => {
    // Number, local address and port, remote ones, state, queues, timer, retransmissions, user, timeout, inode.
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    const its = Number.parseInt(local.split(':')[1] ?? '', 16)
    return state === LISTEN && its === port ? [`socket:[${inode}]`] : []
  })
}

/** Empty if there is no such file, as without IPv6. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
