import { isIP } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import { checkServerIdentity } from 'node:tls'
import type { ChannelOptions } from '@grpc/grpc-js'
import { ChannelCredentials, Client } from '@grpc/grpc-js'
import type { PlainLog } from '../../platform/log.js'
import type { Reloadable } from '../../platform/reloadable.js'
import { onReload } from '../../platform/reloadable.js'
import { closingSilent } from '../../platform/silent-connections.js'
import type { FileWatch } from '../../platform/watch.js'
import type { KeyPair } from '../../tls/files.js'

/** How etcd is reached. */
export interface EtcdConnection {
  /** URLs, all of them http or all https. They are tried in this order. */
  readonly endpoints: readonly string[]
  /** Undefined for http. */
  readonly tls: EtcdTls | undefined
  /** Undefined without authentication by password. */
  readonly user: { readonly name: string; readonly password: string } | undefined
}

export interface EtcdTls {
  readonly authorities: Reloadable<Buffer>
  /** The certificate that this client shows; undefined for none. */
  readonly certificate: Reloadable<KeyPair> | undefined
}

const CHANNEL: ChannelOptions = {
  // etcd closes connections that are probed more often than every 5 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  // An etcd that is back must be found within seconds.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': -1,
  // Whoever calls decides what is tried again.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  // Nobody reads what gRPC would count of each call.
  'grpc.enable_channelz': 0,
  'grpc.service_config_disable_resolution': 1,
  // Otherwise a new client would get the old connection back.
  'grpc.use_local_subchannel_pool': 1,
}

/** How long an etcd to which a connection was made may say nothing at first: longer than a call may take. */
const SILENT_MS = 5_000

/** The members of an etcd, of which one is in use at a time. */
export class Endpoints {
  readonly #connection: EtcdConnection
  readonly #watches: readonly FileWatch[]
  #at = 0
  #client: Client | undefined

  constructor(connection: EtcdConnection, log: PlainLog) {
    this.#connection = connection
    const { authorities, certificate } = connection.tls ?? {}
    const connectAnew = () => this.#drop()
    this.#watches = [
      ...(authorities === undefined ? [] : [onReload(authorities, connectAnew, log)]),
      ...(certificate === undefined ? [] : [onReload(certificate, connectAnew, log)]),
    ]
  }

  get size(): number {
    return this.#connection.endpoints.length
  }

  /** The client of the one in use. */
  get client(): Client {
    this.#client ??= this.#connect()
    return this.#client
  }

  /**
   * Goes on to the next, since a client got no answer. With only one it is a new connection: the old one may lead
   * nowhere.
   */
  leave(client: Client): void {
    if (client !== this.#client) return
    this.#at = (this.#at + 1) % this.size
    this.#drop()
  }

  close(): void {
    for (const watch of this.#watches) watch.close()
    this.#drop()
  }

  #drop(): void {
    this.#client?.close()
    this.#client = undefined
  }

  #connect(): Client {
    const { hostname, port } = new URL(this.#connection.endpoints[this.#at] ?? '')
    const address = `${hostname}:${port || DEFAULT_PORT}`
    const { tls } = this.#connection
    if (tls === undefined) return clientOf(address, ChannelCredentials.createInsecure(), CHANNEL)
    const { key = null, chain = null } = tls.certificate?.current() ?? {}
    const ip = hostname.replace(/^\[|\]$/g, '')
    // TLS has no server names that are addresses: Node.js warns of one. The certificate must be for the address still.
    const isName = isIP(ip) === 0
    const verify = isName
      ? {}
      : { checkServerIdentity: (_: string, cert: PeerCertificate) => checkServerIdentity(ip, cert) }
    const credentials = ChannelCredentials.createSsl(tls.authorities.current(), key, chain, verify)
    return clientOf(address, credentials, isName ? CHANNEL : { ...CHANNEL, ...NO_NAME })
  }
}

function clientOf(address: string, credentials: ChannelCredentials, options: ChannelOptions): Client {
  return new Client(address, closingSilent(credentials, SILENT_MS), options)
}

const NO_NAME = { 'grpc.ssl_target_name_override': 'etcd' } as const

const DEFAULT_PORT = '2379'
