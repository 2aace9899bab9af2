import type { Random } from '../../test/support/random.js'
import type { Timeline } from './timeline.js'

/** What is sent one after the other, and arrives in that order. */
export class Channel {
  /** When the last message arrives. */
  arrived = 0
  /** What is under way. Whenever one arrives, that is the first. */
  readonly queue: Array<() => void> = []
}

/** How long a message takes at most where nothing is slow, in milliseconds. */
const USUAL_MS = 3

/** How long it takes a connection that was cut for a while to send again. */
const RESENT_MS = 200

/**
 * Who can reach whom. A message on a link that is cut is not lost: TCP sends it again when the link is whole, unless who
 * waits for it has given up before.
 */
export class Network {
  readonly #timeline: Timeline
  readonly #random: Random
  /** How often each link is cut, by the names of its ends. */
  readonly #cuts = new Map<string, number>()
  readonly #held = new Map<string, Array<() => void>>()
  /** How much longer messages take on a link. */
  readonly #slow = new Map<string, number>()

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline
    this.#random = random
  }

  isCut(one: string, other: string): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(linkOf(one, other))
  }

  cut(one: string, other: string): void {
    const link = linkOf(one, other)
    this.#cuts.set(link, (this.#cuts.get(link) ?? 0) + 1)
  }

  /** Ends one cut of a link. */
  heal(one: string, other: string): void {
    const link = linkOf(one, other)
    const left = (this.#cuts.get(link) ?? 0) - 1
    if (left > 0) {
      this.#cuts.set(link, left)
      return
    }
    this.#cuts.delete(link)
    const held = this.#held.get(link) ?? []
    this.#held.delete(link)
    const delay = this.#random() * RESENT_MS
    for (const arrive of held) this.#timeline.after(delay, arrive)
  }

  slow(one: string, other: string, ms: number): void {
    if (ms === 0) this.#slow.delete(linkOf(one, other))
    else this.#slow.set(linkOf(one, other), ms)
  }

  /** @param channel undefined if it may overtake earlier messages */
  send(one: string, other: string, arrive: () => void, channel?: Channel): void {
    let delay = 0.2 + this.#random() * USUAL_MS
    if (this.#slow.size > 0) delay += (this.#slow.get(linkOf(one, other)) ?? 0) * this.#random()
    let happen = arrive
    if (channel !== undefined) {
      const { now } = this.#timeline
      delay = Math.max(delay, channel.arrived - now)
      channel.arrived = now + delay
      channel.queue.push(arrive)
      happen = () => channel.queue.shift()?.()
    }
    this.#timeline.after(delay, () => {
      if (this.isCut(one, other)) this.#hold(linkOf(one, other), happen)
      else happen()
    })
  }

  #hold(link: string, arrive: () => void): void {
    const held = this.#held.get(link)
    if (held === undefined) this.#held.set(link, [arrive])
    else held.push(arrive)
  }
}

function linkOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}
