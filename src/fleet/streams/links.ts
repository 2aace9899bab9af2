import type { ServerDuplexStream } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import type { Message, Message__Output } from '#proto/configurable_envoy_proxy/fleet/v1/Message.js'
import type { Clock } from '../../platform/clock.js'
import { CLOSED_AT_ONCE } from '../../platform/grpc-words.js'
import type { PlainLog } from '../../platform/log.js'
import type { Member } from '../../store/shared.js'
import type { MutualTls } from '../../xds/credentials.js'
import type { GrpcService } from '../../xds/server.js'
import { hostOf, isMember } from './identity.js'
import type { PeerMessage } from './messages.js'
import { decodeMessage, encodeMessage, MEMBERS_SERVICE } from './messages.js'
import { Outgoing } from './outgoing.js'

/** After how long it is logged that a member can't be reached: one that starts or ends is away for less. */
const UNREACHABLE_MS = 2_000

/** What a stranger among the control planes is told, and logs. */
const NO_MEMBER =
  'it refuses this one, whose certificate (--xds-ssl-cert) is neither for the host of its --member-address nor for a name of the other one'

/** What is added if one that has no certificate at all finds one that asks for it. */
const NO_CERTIFICATE =
  ', as one does that wants TLS: start this one with --envoy-mode external and --xds-ssl-key, -cert and -ca'

type Incoming = ServerDuplexStream<Message__Output, Message>

export interface LinksOptions {
  /** Undefined for plain gRPC, as between processes of one test. */
  readonly tls: MutualTls | undefined
  readonly clock: Clock
  readonly log: PlainLog
  readonly onMessage: (from: string, message: PeerMessage) => void
  /** Called when a stream with this member has opened. What was sent before may be lost. */
  readonly onUp: (id: string) => void
  /** Called when nobody listens any more at the address of this member: its process has ended. */
  readonly onEnded: (id: string) => void
  /** The address of a member, of whom only the id is known yet. */
  readonly addressOf: (id: string) => Promise<string | undefined>
}

/** What carries messages between members. A message may be lost. */
export interface PeerLinks {
  /** From now on this member has this id. Streams of an earlier one end. */
  begin(id: string): void
  /** Keeps up a stream with a member, as far as it can be reached. */
  connect(member: Member): void
  disconnect(id: string): void
  send(id: string, message: PeerMessage): void
  /** Sends to every member with a stream. */
  broadcast(message: PeerMessage): void
  /** What is served at the address of this member; undefined if streams come in another way. */
  readonly service?: GrpcService
  close(): void
}

/**
 * The streams to the other members. Each member opens one to every other that has an address, and tells what it has to
 * tell there; to one without an address on the stream that it has opened.
 */
export class Links implements PeerLinks {
  readonly #options: LinksOptions
  #me = ''
  readonly #outgoing = new Map<string, Outgoing>()
  readonly #incoming = new Map<string, Incoming>()
  /** What is served at the address of this member. */
  readonly service: GrpcService

  constructor(options: LinksOptions) {
    this.#options = options
    const Talk = (call: Incoming) => this.#accept(call)
    this.service = { name: 'Members', definition: MEMBERS_SERVICE, handlers: { Talk } }
  }

  begin(id: string): void {
    this.close()
    this.#me = id
  }

  connect({ id, address }: Member): void {
    if (address === undefined || this.#outgoing.has(id)) return
    const { tls, clock, log, onMessage, onUp, onEnded } = this.#options
    if (hostOf(address) === undefined) {
      log.warn(`The control plane ${id} can't be reached: its address is ${JSON.stringify(address)}, not host:port`)
      return
    }
    let downSince: number | undefined
    let isKnownDown = false
    // One that starts is heard before its port is open: it opens a stream to this one.
    let hasBeenUp = false
    const outgoing = new Outgoing({
      ...{ address, tls, clock, hello: { hello: { id: this.#me, to: id } } },
      onMessage: (message) => {
        const decoded = decodeMessage(message)
        if (decoded !== undefined) onMessage(id, decoded)
      },
      onUp: () => {
        if (isKnownDown) log.info(`The control plane at ${address} can be reached again`)
        isKnownDown = false
        downSince = undefined
        hasBeenUp = true
        onUp(id)
      },
      onDown: (reason) => {
        downSince ??= clock.now()
        if (isKnownDown || clock.now() - downSince < UNREACHABLE_MS) return
        isKnownDown = true
        const hint = tls === undefined && reason === CLOSED_AT_ONCE ? NO_CERTIFICATE : ''
        log.warn(`The control plane at ${address} can't be reached, will retry: ${reason}${hint}`)
      },
      onRefused: () => hasBeenUp && onEnded(id),
    })
    this.#outgoing.set(id, outgoing)
  }

  disconnect(id: string): void {
    this.#outgoing.get(id)?.close()
    this.#outgoing.delete(id)
    this.#incoming.get(id)?.end()
    this.#incoming.delete(id)
  }

  send(id: string, message: PeerMessage): void {
    const outgoing = this.#outgoing.get(id)
    if (outgoing?.isUp) outgoing.send(encodeMessage(message))
    else this.#incoming.get(id)?.write(encodeMessage(message))
  }

  broadcast(message: PeerMessage): void {
    for (const id of new Set([...this.#outgoing.keys(), ...this.#incoming.keys()])) this.send(id, message)
  }

  close(): void {
    for (const id of [...this.#outgoing.keys(), ...this.#incoming.keys()]) this.disconnect(id)
  }

  #accept(call: Incoming): void {
    let peer: string | undefined
    const over = () => {
      if (peer !== undefined && this.#incoming.get(peer) === call) this.#incoming.delete(peer)
    }
    call.on('data', async (message: Message__Output) => {
      const decoded = decodeMessage(message)
      if (peer !== undefined && decoded !== undefined) this.#options.onMessage(peer, decoded)
      if (!message.hello) return
      const { id, to } = message.hello
      if (to !== this.#me) return refuse(call, status.NOT_FOUND, `${to} is no longer at this address`)
      if (!(await this.#mayTalk(call, id))) return refuse(call, status.PERMISSION_DENIED, NO_MEMBER)
      // It may have ended meanwhile: then nothing would remove it.
      if (call.cancelled) return
      peer = id
      this.#incoming.set(id, call)
      call.write({ hello: { id: this.#me, to: id } })
      this.#options.onUp(id)
    })
    call.on('end', () => {
      over()
      call.end()
    })
    call.on('cancelled', over)
    call.on('error', over)
  }

  async #mayTalk(call: Incoming, id: string): Promise<boolean> {
    const { tls, addressOf, log } = this.#options
    const certificate = call.getAuthContext().sslPeerCertificate
    if (tls === undefined || certificate === undefined) return tls === undefined
    const own = tls.certificate.current().chain
    if (isMember(certificate, own, undefined)) return true
    const address = await addressOf(id).catch(() => undefined)
    if (address !== undefined && isMember(certificate, own, hostOf(address))) return true
    log.warn(`Refused ${call.getPeer()} among the control planes: its certificate is not that of a member`)
    return false
  }
}

function refuse(call: Incoming, code: status, details: string): void {
  call.emit('error', { code, details })
}
