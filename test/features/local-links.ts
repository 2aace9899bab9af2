import type { LinksOptions, PeerLinks } from '../../src/fleet/streams/links.js'
import type { PeerMessage } from '../../src/fleet/streams/messages.js'

/** Streams between members, which can be cut. */
export class Network {
  readonly #ends = new Map<string, LocalLinks>()
  /** The members that nobody reaches. */
  readonly cut = new Set<LocalLinks>()

  make(options: LinksOptions): LocalLinks {
    return new LocalLinks(this, options)
  }

  begin(id: string, end: LocalLinks): void {
    this.#ends.set(id, end)
  }

  /** The process of this end is gone: others find nobody at its address. */
  end(gone: LocalLinks): void {
    this.cut.add(gone)
    for (const end of this.#ends.values()) if (end !== gone) end.options.onEnded(gone.id)
  }

  deliver(from: LocalLinks, to: string, message: PeerMessage): void {
    const end = this.#ends.get(to)
    if (end === undefined || this.cut.has(from) || this.cut.has(end)) return
    setImmediate(() => end.options.onMessage(from.id, message))
  }
}

/** One member's end of them. */
export class LocalLinks implements PeerLinks {
  readonly #network: Network
  readonly options: LinksOptions
  readonly #peers = new Set<string>()
  id = ''

  constructor(network: Network, options: LinksOptions) {
    this.#network = network
    this.options = options
  }

  begin(id: string): void {
    this.id = id
    this.#network.begin(id, this)
  }

  connect({ id }: { readonly id: string }): void {
    this.#peers.add(id)
    this.options.onUp(id)
  }

  disconnect(id: string): void {
    this.#peers.delete(id)
  }

  send(id: string, message: PeerMessage): void {
    this.#network.deliver(this, id, message)
  }

  broadcast(message: PeerMessage): void {
    for (const id of this.#peers) this.send(id, message)
  }

  close(): void {
    this.#network.cut.add(this)
    this.#peers.clear()
  }
}
