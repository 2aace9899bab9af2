import { existsSync } from 'node:fs'
import type { ServerCredentials, ServerDuplexStream, ServiceDefinition, UntypedHandleCall } from '@grpc/grpc-js'
import { Server, status } from '@grpc/grpc-js'
import type { DeltaDiscoveryResponse } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryResponse.js'
import type { ListenAddress } from '../platform/address.js'
import type { Connections } from '../platform/connections.js'
import type { Logger } from '../platform/log.js'
import type { EnvoyAdmission } from './admission.js'
import type { MutualTls, ReloadingCredentials } from './credentials.js'
import { plainCredentials, reloadingCredentials } from './credentials.js'
import type { GuardedListener } from './listener.js'
import { guardedListener } from './listener.js'
import type { DecodedRequest } from './listing.js'
import { decodeRequest } from './listing.js'
import { definitions } from './messages.js'
import type { AdsCollections } from './stream.js'
import { AdsStream } from './stream.js'

const METHOD = 'DeltaAggregatedResources'
const ADS = serviceOf('envoy.service.discovery.v3.AggregatedDiscoveryService')
/** The service with its own decoder of requests, which may be large. */
const SERVICE = { [METHOD]: { ...ADS[METHOD], requestDeserialize: decodeRequest } } as ServiceDefinition

type AdsCall = ServerDuplexStream<DecodedRequest, DeltaDiscoveryResponse>

/** A gRPC service of proto/. */
export interface GrpcService {
  /** Its full name. */
  readonly name: string
  /** Undefined if it is among those of Envoy. */
  readonly definition?: ServiceDefinition
  readonly handlers: Readonly<Record<string, UntypedHandleCall>>
}

export interface AdsServerOptions extends AdsCollections {
  /** Other services for Envoys at the same address. */
  readonly services: readonly GrpcService[]
  readonly log: Logger
  /** Log level for Envoys connecting and disconnecting. */
  readonly connectionsAt: 'debug' | 'info'
  /** Called when an Envoy that didn't answer has been cut off. */
  readonly onCutOff: () => void
  /** Called when an Envoy's stream has ended, with its node id. */
  readonly onDisconnected?: (node: string) => void
  /** Undefined if every Envoy is served, and told of. */
  readonly admission?: EnvoyAdmission | undefined
}

/** An Envoy with an open stream. */
export interface ConnectedNode {
  readonly id: string
  /** Such as `1.40.0`; undefined if it hasn't said. */
  readonly version: string | undefined
  readonly since: Date
  /** Resources that it hasn't answered for yet, and those of their latest version that it has rejected. */
  readonly pending: number
  readonly rejected: number
}

/** Where Envoys connect to the server. */
export interface AdsListening {
  readonly address: ListenAddress
  /** The permissions of a unix socket, which it has from the moment it exists. */
  readonly mode: number
  /** Undefined for plain gRPC. */
  readonly tls: MutualTls | undefined
}

const CHANNEL = {
  // An Envoy that reconnects lists all its resources in one message, which with a large table exceeds gRPC's default.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // Detects connections whose peer has disappeared. An Envoy that loads 100,000 routes is busy for 26 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 60_000,
}

/** Serves the collections to any number of Envoys over the delta variant of the aggregated discovery service. */
export class AdsServer {
  readonly #options: AdsServerOptions
  readonly #server = new Server(CHANNEL)
  #credentials: ReloadingCredentials | undefined
  #listener: GuardedListener | undefined
  #unixSocket: { readonly path: string; readonly mode: number } | undefined
  /** Open streams, each with when it began, and what closes its connection. */
  readonly #streams = new Map<AdsStream, { readonly since: Date; readonly drop: () => void }>()

  constructor(options: AdsServerOptions) {
    this.#options = options
    this.#server.addService(SERVICE, { [METHOD]: (call: AdsCall) => this.#serve(call) })
    for (const { name, definition, handlers } of options.services) {
      this.#server.addService(definition ?? serviceOf(name), this.#proven(handlers))
    }
  }

  /** The same; whoever calls one of these has shown a certificate. */
  #proven(handlers: GrpcService['handlers']): GrpcService['handlers'] {
    const proven = (handler: UntypedHandleCall) =>
      ((call: { getPeer(): string }, ...others: unknown[]) => {
        this.#listener?.prove(call.getPeer())
        return (handler as (...all: unknown[]) => void)(call, ...others)
      }) as UntypedHandleCall
    return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, proven(handler)]))
  }

  async listen({ address, mode, tls }: AdsListening): Promise<void> {
    const reloading = tls === undefined ? plainCredentials() : reloadingCredentials(tls, this.#options.log)
    this.#credentials = reloading
    if ('socketPath' in address) {
      this.#unixSocket = { path: address.socketPath, mode }
      await this.#bind(this.#unixSocket, reloading.credentials)
    } else this.#listener = await guardedListener(this.#server, address, reloading.credentials, this.#options.log)
  }

  /** Makes the unix socket's file again if it was removed; its directory must exist. Streams stay or reconnect. */
  async restoreSocket(): Promise<void> {
    if (this.#unixSocket === undefined || this.#credentials === undefined || existsSync(this.#unixSocket.path)) return
    this.#options.log.warn(`${this.#unixSocket.path} was removed while it was in use. Making it again`)
    this.#server.unbind(`unix:${this.#unixSocket.path}`)
    await this.#bind(this.#unixSocket, this.#credentials.credentials)
  }

  async #bind({ path, mode }: { path: string; mode: number }, credentials: ServerCredentials): Promise<void> {
    // If the mode were set afterwards, others could connect before.
    const umask = process.umask(0o777 & ~mode)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.bindAsync(`unix:${path}`, credentials, (error) => (error === null ? resolve() : reject(error)))
      })
    } finally {
      process.umask(umask)
    }
  }

  /** How many Envoys have a stream open. */
  get connected(): number {
    return this.#streams.size
  }

  /** The Envoys that have a stream open and have said who they are. */
  envoys(): ConnectedNode[] {
    return [...this.#streams].flatMap(([{ node: id, version, state }, { since }]) =>
      id === '' ? [] : [{ id, version, since, ...state }],
    )
  }

  /** The connections at a TCP address; undefined at a unix socket, where nobody else can connect. */
  get connections(): Connections | undefined {
    return this.#listener?.connections
  }

  /** Ends the streams and connections of all Envoys. They connect again, where they are admitted. */
  dropEnvoys(): void {
    for (const { drop } of [...this.#streams.values()]) drop()
  }

  /** Ends every stream and stops listening. */
  close(): void {
    this.#credentials?.close()
    this.#listener?.close()
    this.#server.forceShutdown()
  }

  #serve(call: AdsCall): void {
    const { log, connectionsAt, onCutOff, admission } = this.#options
    const peer = call.getPeer()
    this.#listener?.prove(peer)
    const drop = () => this.#listener?.drop(peer)
    if (admission?.admits() === false) {
      call.emit('error', { code: status.UNAVAILABLE, details: 'this control plane takes no Envoys now' })
      drop()
      return
    }
    let node = 'an Envoy'
    const write = (response: DeltaDiscoveryResponse) => call.write(response)
    const onCut = () => {
      if (!end(false)) return
      onCutOff()
      log.warn(`${node} does not answer while others do: changes no longer wait for it until it reconnects`)
      call.emit('error', { code: status.DEADLINE_EXCEEDED, details: 'no answer to the last response' })
    }
    const stream = new AdsStream(this.#options, write, onCut, () => admission?.loaded(stream.node))
    this.#streams.set(stream, { since: new Date(), drop: () => void (end(true) && drop()) })
    const end = (mayReturn: boolean) => {
      const { silentMs } = stream
      if (!stream.close(mayReturn)) return false
      this.#streams.delete(stream)
      log[connectionsAt](`${node} disconnected (${this.connected} connected)`)
      if (stream.node !== '') this.#disconnected(stream.node, silentMs)
      return true
    }
    call.on('data', ({ request, listing }: DecodedRequest) => {
      if (request.node?.id) {
        node = `Envoy ${request.node.id}`
        log[connectionsAt](`${node} connected (${this.connected} connected)`)
      }
      stream.receive(request, listing)
    })
    call.on('end', () => {
      end(true)
      call.end()
    })
    call.on('cancelled', () => end(true))
    // A stream ends with an error when the peer dies, which means the same as 'cancelled'.
    call.on('error', () => end(true))
  }

  #disconnected(node: string, silentMs: number): void {
    this.#options.onDisconnected?.(node)
    const isElsewhere = [...this.#streams.keys()].some((stream) => stream.node === node)
    if (!isElsewhere) this.#options.admission?.left(node, silentMs)
  }
}

function serviceOf(name: string): ServiceDefinition {
  // proto-loader's and grpc-js's definition types differ by name only.
  return definitions[name] as unknown as ServiceDefinition
}
