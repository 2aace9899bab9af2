import { chmod } from 'node:fs/promises'
import type { ServerDuplexStream, UntypedHandleCall } from '@grpc/grpc-js'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { DeltaDiscoveryRequest__Output } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryRequest.js'
import type { DeltaDiscoveryResponse } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryResponse.js'
import type { Logger } from '../log.js'
import { definitions } from '../proto.js'
import type { AdsCollections } from './stream.js'
import { AdsStream } from './stream.js'

const SERVICE = 'envoy.service.discovery.v3.AggregatedDiscoveryService'

/** A gRPC service of proto/, by its full name. */
export interface GrpcService {
  readonly name: string
  readonly handlers: Readonly<Record<string, UntypedHandleCall>>
}

export interface AdsServerOptions extends AdsCollections {
  /** What else Envoys find at the same address. */
  readonly services: readonly GrpcService[]
  readonly log: Logger
}

/** Serves the collections to any number of Envoys over the delta variant of the aggregated discovery service. */
export class AdsServer {
  readonly #options: AdsServerOptions
  // An Envoy that reconnects names all it holds in one message, which a large table makes larger than gRPC's default.
  readonly #server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 })

  #connected = 0

  constructor(options: AdsServerOptions) {
    this.#options = options
    const handlers: Record<string, UntypedHandleCall> = {
      DeltaAggregatedResources: (call: ServerDuplexStream<DeltaDiscoveryRequest__Output, DeltaDiscoveryResponse>) =>
        this.#serve(call),
    }
    for (const service of [{ name: SERVICE, handlers }, ...options.services]) {
      // biome-ignore lint/suspicious/noExplicitAny: proto-loader's and grpc-js's definition types differ by name only
      this.#server.addService(definitions[service.name] as any, service.handlers)
    }
  }

  /** Listens on a unix socket that only this user may open. The directory must be private: the mode is set afterwards. */
  async listen(socketPath: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      )
    })
    await chmod(socketPath, 0o600)
  }

  /** How many Envoys have a stream open. */
  get connected(): number {
    return this.#connected
  }

  /** Ends every stream and stops listening. */
  close(): void {
    this.#server.forceShutdown()
  }

  #serve(call: ServerDuplexStream<DeltaDiscoveryRequest__Output, DeltaDiscoveryResponse>): void {
    const stream = new AdsStream(this.#options, (response) => call.write(response))
    let node = 'an Envoy'
    this.#connected += 1
    const end = () => {
      if (!stream.close()) return
      this.#connected -= 1
      this.#options.log.debug(`${node} disconnected`)
    }
    call.on('data', (request: DeltaDiscoveryRequest__Output) => {
      if (request.node?.id) {
        node = `Envoy ${request.node.id}`
        this.#options.log.debug(`${node} asks for ${request.type_url}`)
      }
      stream.receive(request)
    })
    call.on('end', () => {
      end()
      call.end()
    })
    call.on('cancelled', end)
    // Streams end with an error whenever a peer dies: the same news as 'cancelled'.
    call.on('error', end)
  }
}
