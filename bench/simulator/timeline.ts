interface Event {
  readonly at: number
  /** Events of one moment happen in the order in which they were planned. */
  readonly order: number
  readonly happen: () => void
}

/** Virtual time, in milliseconds: what will happen, in order. A binary heap. */
export class Timeline {
  now = 0
  /** How many events have happened. */
  count = 0
  readonly #heap: Event[] = []
  #planned = 0

  after(ms: number, happen: () => void): void {
    this.#planned += 1
    this.#push({ at: this.now + ms, order: this.#planned, happen })
  }

  /** Lets everything happen up to a moment, unless it is stopped. */
  run(until: number, isOver: () => boolean): void {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.at > until || isOver()) break
      this.#pop()
      this.now = next.at
      this.count += 1
      next.happen()
    }
    if (!isOver()) this.now = until
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Event
      if (isBefore(above, event)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Event
    const { length } = heap
    if (length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= length) break
      if (child + 1 < length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1
      if (isBefore(last, heap[child] as Event)) break
      heap[at] = heap[child] as Event
      at = child
    }
    heap[at] = last
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
