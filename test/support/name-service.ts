import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'
import { DnsServer } from './dns-server.js'

/** Its own files in the place of the system's, then the command that follows. */
const IN_PLACE = 'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'

/** Why no process can be given mounts of its own here, for `skip`; false if one can. */
export function withoutMounts(): string | false {
  if (process.getuid?.() !== 0) return "only root can give a process other files in the place of the system's"
  const { status, stderr, error } = spawnSync('unshare', ['--mount', 'true'], { encoding: 'utf8' })
  return status === 0 ? false : `there can be no namespaces: ${error?.message ?? stderr.trim()}`
}

/** A server of one of the addresses of a {@link NameService}. */
export interface Site {
  readonly address: string
  readonly port: number
  /** Takes no more connections; those that are open stay. */
  stopListening(): void
  close(): Promise<void>
}

/** What tells a process the addresses of host names: a name server, /etc/hosts and /etc/resolv.conf, all of its own. */
export class NameService {
  readonly server: DnsServer
  readonly #net: string
  readonly #dir: string
  #port = 0

  private constructor(net: string, dir: string, server: DnsServer) {
    this.#net = net
    this.#dir = dir
    this.server = server
  }

  static async start(): Promise<NameService> {
    // All of 127/8 is this machine.
    const net = `127.${randomInt(1, 255)}.${randomInt(1, 255)}`
    const dir = await mkdtemp(join(tmpdir(), 'cep-names-'))
    const service = new NameService(net, dir, await DnsServer.start(`${net}.53`))
    await service.hosts()
    await service.resolvConf()
    return service
  }

  /** What goes before a command, for `ProxyProcess`. */
  get before(): string[] {
    return ['unshare', '--mount', 'sh', '-c', IN_PLACE, this.files.hosts, this.files.resolvConf]
  }

  get files(): { hosts: string; resolvConf: string } {
    return { hosts: join(this.#dir, 'hosts'), resolvConf: join(this.#dir, 'resolv.conf') }
  }

  /** Has these lines in /etc/hosts. */
  hosts(...lines: string[]): Promise<void> {
    return writeFile(this.files.hosts, ['127.0.0.1 localhost', ...lines, ''].join('\n'))
  }

  /** Has these lines in /etc/resolv.conf, beside those that name the name servers. */
  resolvConf(lines: readonly string[] = [], servers: readonly string[] = [this.address(53)]): Promise<void> {
    const text = [...servers.map((one) => `nameserver ${one}`), ...lines, ''].join('\n')
    return writeFile(this.files.resolvConf, text)
  }

  /** One of its addresses; nothing listens there before a site does. */
  address(last: number): string {
    return `${this.#net}.${last}`
  }

  /** The port that all sites have. */
  get port(): number {
    return this.#port
  }

  /** A server at one of the addresses, which answers with its address and repeats what comes over websockets. */
  async site(last: number): Promise<Site> {
    const address = this.address(last)
    const server: Server = createServer((_request, response) => {
      response.setHeader('connection', 'close')
      response.end(address)
    })
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => socket.on('message', () => socket.send(address)))
    server.listen(this.#port, address)
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    return {
      address,
      port: this.#port,
      stopListening: () => server.close(),
      close: async () => {
        for (const socket of sockets.clients) socket.terminate()
        server.closeAllConnections()
        if (!server.listening) return
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }

  async close(): Promise<void> {
    await this.server.close()
    await rm(this.#dir, { recursive: true })
  }
}
