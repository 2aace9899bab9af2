import { isIP } from 'node:net'
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import { ChannelCredentials, Client } from '@grpc/grpc-js'
import type { Message, Message__Output } from '#proto/configurable_envoy_proxy/fleet/v1/Message.js'
import type { Clock } from '../../platform/clock.js'
import { connectionWords } from '../../platform/grpc-words.js'
import { closingSilent } from '../../platform/silent-connections.js'
import type { MutualTls } from '../../xds/credentials.js'
import { hostOf, isMember } from './identity.js'
import { MEMBERS_SERVICE } from './messages.js'

/** How long the other end may take to say who it is, in milliseconds. */
const HELLO_MS = 1_000

/** The pause before the next attempt, in milliseconds: doubled each time. */
const PAUSE = { first: 50, most: 1_000 } as const

const CHANNEL = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  // Nobody reads what gRPC would count of each call.
  'grpc.enable_channelz': 0,
  // A connection whose other end has disappeared is noticed after two seconds, and made again.
  'grpc.keepalive_time_ms': 1_000,
  'grpc.keepalive_timeout_ms': 1_000,
  'grpc.max_send_message_length': -1,
  'grpc.max_receive_message_length': -1,
}

/** TLS has no server names that are addresses: Node.js warns of one. Whom the certificate is for is checked all the same. */
const NO_NAME = { 'grpc.ssl_target_name_override': 'member' } as const

type Stream = ClientDuplexStream<Message, Message__Output>

export interface OutgoingOptions {
  /** `host:port`. */
  readonly address: string
  readonly tls: MutualTls | undefined
  readonly clock: Clock
  /** The first message of each stream. */
  readonly hello: Message
  readonly onMessage: (message: Message__Output) => void
  /** Called when a stream is open, and when it has ended or could not be opened. */
  readonly onUp: () => void
  readonly onDown: (reason: string) => void
  /** Called if nobody listens there. */
  readonly onRefused: () => void
}

/** A stream to another member, which is opened again whenever it ends. */
export class Outgoing {
  readonly #options: OutgoingOptions
  #stream: Stream | undefined
  #isUp = false
  #isClosed = false
  #pause: number = PAUSE.first
  #stop = () => {}

  constructor(options: OutgoingOptions) {
    this.#options = options
    this.#open()
  }

  get isUp(): boolean {
    return this.#isUp
  }

  send(message: Message): void {
    this.#stream?.write(message)
  }

  close(): void {
    this.#isClosed = true
    this.#stop()
    // Half-closed, so that the last messages arrive.
    this.#stream?.end()
  }

  #open(): void {
    const { address, clock, hello } = this.#options
    const options = isIP(hostOf(address) ?? '') === 0 ? CHANNEL : { ...CHANNEL, ...NO_NAME }
    const client = new Client(address, closingSilent(this.#credentials(), HELLO_MS), options)
    const method = MEMBERS_SERVICE.Talk
    if (method === undefined) throw new Error('Talk is not in proto/')
    const stream: Stream = client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    )
    this.#stream = stream
    const stopWaiting = clock.after(HELLO_MS, () => {
      over(`no answer within ${HELLO_MS / 1_000} s`)
      stream.cancel()
    })
    let isOver = false
    const over = (reason: string) => {
      if (isOver) return
      isOver = true
      stopWaiting()
      client.close()
      this.#ended(reason)
    }
    stream.on('data', (message: Message__Output) => {
      if (!message.hello) return this.#options.onMessage(message)
      stopWaiting()
      this.#isUp = true
      this.#pause = PAUSE.first
      this.#options.onUp()
    })
    stream.on('error', ({ details }: ServiceError) => {
      over(connectionWords(details))
      if (details.includes('ECONNREFUSED')) this.#options.onRefused()
    })
    stream.on('end', () => over('it has ended the connection'))
    stream.write(hello)
  }

  /** Those of now: the files may have changed. */
  #credentials(): ChannelCredentials {
    const { tls, address } = this.#options
    if (tls === undefined) return ChannelCredentials.createInsecure()
    const { key, chain } = tls.certificate.current()
    return ChannelCredentials.createSsl(tls.authorities.current(), key, chain, {
      checkServerIdentity: (_host, peer) =>
        isMember(peer, chain, hostOf(address))
          ? undefined
          : new Error(`the certificate of ${address} is neither for that host nor for a name of ours`),
    })
  }

  #ended(reason: string): void {
    this.#stream = undefined
    this.#isUp = false
    if (this.#isClosed) return
    this.#options.onDown(reason)
    this.#stop = this.#options.clock.after(this.#pause, () => this.#open())
    this.#pause = Math.min(2 * this.#pause, PAUSE.most)
  }
}
