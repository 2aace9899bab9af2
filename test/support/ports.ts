import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { connect, createServer } from 'node:net'

/** Above the ports that programs are known for, and those that `fetch` refuses, the highest of which is 10080. */
const LOWEST = 10_100
/** More test files than tap runs at once; each draws from a range of its own. */
const JOBS = 8

/**
 * Ports of the loopback address that nothing listens on, and that the kernel gives to nobody by itself: one that it had
 * chosen could be that of an outgoing connection before the program that it is for listens there. No port is given twice.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  const ports: number[] = []
  while (ports.length < count) {
    const port = nextPort()
    const server = createServer()
    try {
      // On all addresses: what listens on one of them is in the way of a program that wants all.
      await once(server.listen(port, '0.0.0.0'), 'listening')
    } catch {
      continue
    }
    servers.push(server)
    ports.push(port)
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

const { from, size } = range()
let drawn = 0
/** Somewhere in the range: other runs of the tests on this machine have the same ranges. */
const start = Math.floor(Math.random() * size)

function nextPort(): number {
  drawn += 1
  if (drawn > size) throw new Error(`all ports from ${from} to ${from + size - 1} have been used`)
  return from + ((start + drawn) % size)
}

function range(): { from: number; size: number } {
  const [ephemeral = LOWEST] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t').map(Number)
  // Where the kernel takes nearly all ports for itself, there is nothing better to draw from.
  const end = ephemeral >= LOWEST + 1_000 ? ephemeral : 32_768
  const size = Math.floor((end - LOWEST) / JOBS)
  return { from: LOWEST + (Number(process.env.TAP_JOB_ID ?? 0) % JOBS) * size, size }
}

/** Whether something listens on a port of the loopback address. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
