import type { Socket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'

/** What a name has, or what becomes of questions for it. */
export interface DnsEntry {
  readonly a?: readonly string[]
  readonly aaaa?: readonly string[]
  /** In seconds. */
  readonly ttl?: number
  /** Questions for these are never answered. */
  readonly silent?: 'a' | 'aaaa' | 'both'
  readonly fails?: 'SERVFAIL'
}

export interface DnsQuestion {
  readonly name: string
  readonly type: 'a' | 'aaaa'
  /** On the clock of `performance.now()`. */
  readonly at: number
}

const TYPES = new Map<number, 'a' | 'aaaa'>([
  [1, 'a'],
  [28, 'aaaa'],
])
const RCODE = { ok: 0, SERVFAIL: 2, NXDOMAIN: 3 } as const
const HEADER_BYTES = 12

/** A name server over UDP. What it holds may be changed at any time. */
export class DnsServer {
  readonly names = new Map<string, DnsEntry>()
  /** All that it was asked. */
  readonly questions: DnsQuestion[] = []
  /** Answers nothing at all. */
  dead = false
  /** Which questions it loses when they are asked for the first time: every n-th of these. */
  losesEvery = 0
  delayMs = 0
  readonly #socket: Socket
  #new = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (query, { port, address }) => {
      const answer = this.#answer(query)
      if (answer === undefined) return
      setTimeout(() => this.#send(answer, port, address), this.delayMs)
    })
  }

  /** @param address of loopback: any of 127/8 will do, so that several can be there at once */
  static async start(address: string, port = 53): Promise<DnsServer> {
    const socket = createSocket('udp4')
    socket.bind(port, address)
    await once(socket, 'listening')
    return new DnsServer(socket)
  }

  get port(): number {
    return this.#socket.address().port
  }

  set(name: string, entry: DnsEntry): void {
    this.names.set(name, entry)
  }

  /** How many questions there were for a name, of one type or of both. */
  asked(name: string, type?: 'a' | 'aaaa'): number {
    return this.questions.filter((one) => one.name === name && (type === undefined || one.type === type)).length
  }

  async close(): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  #send(answer: Buffer, port: number, address: string): void {
    try {
      this.#socket.send(answer, port, address)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error
    }
  }

  #answer(query: Buffer): Buffer | undefined {
    const { name, end } = readName(query)
    const type = TYPES.get(query.readUInt16BE(end))
    if (type === undefined) return reply(query, end, RCODE.ok, [])
    const lost = this.#isLost(name, type)
    this.questions.push({ name, type, at: performance.now() })
    const entry = this.names.get(name)
    if (this.dead || lost || entry?.silent === 'both' || entry?.silent === type) return undefined
    if (entry === undefined) return reply(query, end, RCODE.NXDOMAIN, [])
    if (entry.fails !== undefined) return reply(query, end, RCODE[entry.fails], [])
    return reply(query, end, RCODE.ok, entry[type] ?? [], entry.ttl)
  }

  #isLost(name: string, type: 'a' | 'aaaa'): boolean {
    if (this.losesEvery === 0 || this.asked(name, type) > 0) return false
    this.#new += 1
    return this.#new % this.losesEvery === 0
  }
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = query[at]; length !== undefined && length > 0; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}

/** The question as it came, and a record for each address. */
function reply(query: Buffer, nameEnd: number, rcode: number, addresses: readonly string[], ttl = 60): Buffer {
  const header = Buffer.from(query.subarray(0, HEADER_BYTES))
  header.writeUInt16BE(0x8180 | rcode, 2)
  header.writeUInt16BE(addresses.length, 6)
  header.writeUInt32BE(0, 8)
  return Buffer.concat([
    header,
    query.subarray(HEADER_BYTES, nameEnd + 4),
    ...addresses.map((address) => record(address, ttl)),
  ])
}

function record(address: string, ttl: number): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address)
  const start = Buffer.alloc(12)
  start.writeUInt16BE(0xc00c, 0)
  start.writeUInt16BE(data.length === 4 ? 1 : 28, 2)
  start.writeUInt16BE(1, 4)
  start.writeUInt32BE(ttl, 6)
  start.writeUInt16BE(data.length, 10)
  return Buffer.concat([start, data])
}

function ipv6Bytes(address: string): Buffer {
  const [left = '', right] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const before = groups(left)
  const after = right === undefined ? [] : groups(right)
  const zeros = Array(8 - before.length - after.length).fill('0')
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
