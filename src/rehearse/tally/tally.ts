import { Histogram } from '../histogram.js'
import type { Act, ActSummary, FailureKind, Second } from '../record.js'
import type { Traffic } from '../wire/connection.js'
import { Failures } from './failures.js'
import { Person } from './people.js'

/** Which acts are requests that are counted as such; messages go over websockets. */
const MESSAGE: Act = 'message'

interface ActCount {
  count: number
  failed: number
  readonly latency: Histogram
}

/** Counts what happens to users. Times are milliseconds after the start. */
export class Tally {
  readonly people: readonly Person[]
  readonly failures = new Failures()
  readonly lateness = new Histogram()
  readonly traffic: Traffic = { open: 0, received: 0, sent: 0 }
  readonly seconds: Second[] = []
  activeUsers = 0
  websocketsOpen = 0
  readonly #acts = new Map<Act, ActCount>()
  readonly #latency = new Histogram()
  readonly #messageLatency = new Histogram()
  #current = emptySecond()
  #counted = { received: 0, sent: 0 }

  constructor(names: readonly string[]) {
    this.people = names.map((name) => new Person(name))
  }

  /** Something succeeded. How long it took is not judged if an incident itself was in the way, as a server that hangs. */
  success(user: number, act: Act, wantedMs: number, nowMs: number): void {
    const ms = nowMs - wantedMs
    const count = this.#act(act)
    count.count += 1
    count.latency.record(ms)
    const person = this.#person(user)
    const isJudged = !person.isExcused(wantedMs)
    if (act === MESSAGE) {
      this.#current.messages += 1
      if (isJudged) this.#messageLatency.record(ms)
      person.has('kernel', nowMs)
      return
    }
    this.#current.requests += 1
    if (isJudged) this.#latency.record(ms)
    person.requests += 1
    person.has(isOfKernel(act) ? 'kernel' : 'requests', nowMs)
  }

  /** How long something took that is more than one request, each of which counts by itself. */
  took(act: Act, ms: number): void {
    const count = this.#act(act)
    count.count += 1
    count.latency.record(ms)
  }

  /** @param example what was asked for */
  failure(user: number, act: Act, kind: FailureKind, wantedMs: number, nowMs: number, example: string): void {
    const person = this.#person(user)
    const count = this.#act(act)
    count.count += 1
    count.failed += 1
    if (act !== MESSAGE) {
      this.#current.requests += 1
      person.requests += 1
    }
    this.#fails(user, kind, wantedMs, nowMs, example)
    person.lacks(act === 'kernel' || isOfKernel(act) ? 'kernel' : 'requests', wantedMs)
  }

  /** A websocket that the user wanted has ended. */
  websocketBroken(user: number, sinceMs: number, nowMs: number, example: string): void {
    const person = this.#person(user)
    this.#fails(user, 'websocket broken', sinceMs, nowMs, example)
    person.lacks('kernel', sinceMs)
    if (person.isExcused(sinceMs)) return
    person.websocketsBroken += 1
    this.#current.websocketsBroken += 1
  }

  /** An act began later than planned. */
  late(ms: number): void {
    this.lateness.record(ms)
    this.#current.latenessMs = Math.max(this.#current.latenessMs, ms)
  }

  /** Ends the current second, and begins the next. */
  endSecond(): Second {
    const { received, sent, open } = this.traffic
    const second: Second = {
      ...this.#current,
      at: this.seconds.length,
      latenessMs: Math.round(this.#current.latenessMs),
      latency: this.#latency.sparse(),
      messageLatency: this.#messageLatency.sparse(),
      ...{ activeUsers: this.activeUsers, websocketsOpen: this.websocketsOpen, connections: open },
      ...{ bytesReceived: received - this.#counted.received, bytesSent: sent - this.#counted.sent },
    }
    this.seconds.push(second)
    this.#counted = { received, sent }
    this.#current = emptySecond()
    this.#latency.clear()
    this.#messageLatency.clear()
    return second
  }

  acts(): ActSummary[] {
    return [...this.#acts].map(([act, { count, failed, latency }]) => ({
      ...{ act, count, failed, latency: latency.sparse() },
    }))
  }

  #fails(user: number, kind: FailureKind, wantedMs: number, nowMs: number, example: string): void {
    const person = this.#person(user)
    const isExcused = person.isExcused(wantedMs)
    this.failures.add(user, kind, isExcused, nowMs, example)
    if (isExcused) {
      person.excused += 1
      this.#current.excused += 1
      return
    }
    person.failures += 1
    this.#current.failures[kind] = (this.#current.failures[kind] ?? 0) + 1
  }

  #act(act: Act): ActCount {
    let found = this.#acts.get(act)
    if (found === undefined) {
      found = { count: 0, failed: 0, latency: new Histogram() }
      this.#acts.set(act, found)
    }
    return found
  }

  #person(user: number): Person {
    const person = this.people[user]
    if (person === undefined) throw new Error(`there is no user ${user}`)
    return person
  }
}

/** Whether a user who has it has a kernel. */
function isOfKernel(act: Act): boolean {
  return act === MESSAGE || act === 'websocket'
}

function emptySecond() {
  const failures: Record<FailureKind, number> = {}
  return { requests: 0, failures, excused: 0, messages: 0, websocketsBroken: 0, latenessMs: 0 }
}
