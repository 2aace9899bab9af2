import { readFileSync } from 'node:fs'
import { openFiles, ourProcesses } from '../../platform/processes.js'

/** The state of a socket that listens, in `/proc/net/tcp`. */
const LISTENS = '0A'

/** The processes of this user that listen on one of these TCP ports. */
export function listenersOn(ports: readonly number[]): number[] {
  if (ports.length === 0) return []
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileSync(path, 'latin1'))
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, ports)))
  return ourProcesses().filter((pid) => openFiles(pid)?.some(({ file }) => sockets.has(file)))
}

/** Those of a table of the kernel's, in the form in which a process's open files are named. */
export function listeningSockets(table: string, ports: readonly number[]): string[] {
  return table.split('\n').flatMap((line) => {
    // Number, local address:port, remote address:port, state, queues, timers, retransmits, user, timeout, inode.
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    const port = Number.parseInt(local.split(':')[1] ?? '', 16)
    return state === LISTENS && ports.includes(port) ? [`socket:[${inode}]`] : []
  })
}
