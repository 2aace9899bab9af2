import { readFile } from 'node:fs/promises'

const ESTABLISHED = '01'
const TIME_WAIT = '06'
const KEEPALIVE = '02'

/** A TCP connection's end on this machine, as far as the kernel shows it. */
export interface TcpEnd {
  readonly localPort: number
  readonly remotePort: number
  /** In how many seconds the kernel will ask the other end; undefined if it never will. */
  readonly asksIn: number | undefined
}

/** Both ends of every IPv4 connection that is open. */
export async function tcpEnds(): Promise<TcpEnd[]> {
  return endsIn(ESTABLISHED)
}

/** The ends that hold their ports although the connection is over, since they have closed it first. */
export async function heldPorts(): Promise<TcpEnd[]> {
  return endsIn(TIME_WAIT)
}

async function endsIn(wanted: string): Promise<TcpEnd[]> {
  const lines = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1)
  return lines.flatMap((line) => {
    const [, local = '', remote = '', state, , timer = ''] = line.trim().split(/\s+/)
    if (state !== wanted) return []
    const [kind, ticks = '0'] = timer.split(':')
    const asksIn = kind === KEEPALIVE ? Number.parseInt(ticks, 16) / 100 : undefined
    return [{ localPort: portOf(local), remotePort: portOf(remote), asksIn }]
  })
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16)
}
