import type { Subscriptions } from '../xds/subscriptions.js'
import type { Doubts, PeerMessage } from './streams/messages.js'

export interface DoubtExchangeOptions {
  /** Each type of resources that is served. */
  readonly subscriptions: readonly Subscriptions[]
  readonly broadcast: (message: PeerMessage) => void
  readonly send: (to: string, message: PeerMessage) => void
}

/**
 * Members tell each other what their Envoys may have without naming it when they connect, since they have rejected a
 * part of a response: an Envoy that goes to another member is sent these again.
 */
export class DoubtExchange {
  readonly #options: DoubtExchangeOptions

  constructor(options: DoubtExchangeOptions) {
    this.#options = options
    for (const { typeUrl, doubts } of options.subscriptions) {
      doubts.watch((node, names) => options.broadcast({ doubts: { node, typeUrl, names } }))
    }
  }

  /** A peer tells of an Envoy. */
  heard({ node, typeUrl, names }: Doubts): void {
    const served = this.#options.subscriptions.find((one) => one.typeUrl === typeUrl)
    served?.doubts.learn(node, names)
  }

  /** A peer has just been reached: it may have missed what was told before. */
  reached(id: string): void {
    for (const { typeUrl, doubts } of this.#options.subscriptions) {
      for (const [node, names] of doubts.all()) this.#options.send(id, { doubts: { node, typeUrl, names } })
    }
  }
}
