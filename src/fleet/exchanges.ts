import type { Clock } from '../platform/clock.js'
import type { Subscriptions } from '../xds/subscriptions.js'
import type { ActivityTable } from './activity.js'
import { ActivityExchange } from './activity.js'
import { DoubtExchange } from './doubts.js'
import type { PeerLinks } from './streams/links.js'
import type { PeerMessage } from './streams/messages.js'

/**
 * What members tell each other beside what the protocol needs, once there is something to tell. A member is reached as soon
 * as it joins, but has a table only when it has read all routes: what it hears meanwhile is kept for then.
 */
export class Exchanges {
  readonly #clock: Clock
  #activity: ActivityExchange | undefined
  #doubts: DoubtExchange | undefined
  #early: PeerMessage[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** From now on it is told when routes of the table were in use. */
  tellActivity(table: ActivityTable, links: PeerLinks): ActivityExchange {
    this.#activity = new ActivityExchange({ clock: this.#clock, table, ...sendersOf(links) })
    this.#hearEarly()
    return this.#activity
  }

  /** From now on it is told what Envoys may have without naming it. */
  tellDoubts(subscriptions: readonly Subscriptions[], links: PeerLinks): void {
    this.#doubts = new DoubtExchange({ subscriptions, ...sendersOf(links) })
    this.#hearEarly()
  }

  /** A peer has just been reached: it may have missed what was told before. */
  reached(id: string): void {
    this.#activity?.reached(id)
    this.#doubts?.reached(id)
  }

  heard(message: PeerMessage): void {
    if (('activity' in message ? this.#activity : this.#doubts) === undefined) this.#early.push(message)
    else if ('activity' in message) this.#activity?.heard(message.activity)
    else if ('doubts' in message) this.#doubts?.heard(message.doubts)
  }

  #hearEarly(): void {
    const early = this.#early
    this.#early = []
    for (const message of early) this.heard(message)
  }

  close(): void {
    this.#activity?.close()
  }
}

function sendersOf(links: PeerLinks): Pick<PeerLinks, 'broadcast' | 'send'> {
  return { broadcast: (message) => links.broadcast(message), send: (to, message) => links.send(to, message) }
}
