import { cpus } from 'node:os'
import type { EventLoopUtilization } from 'node:perf_hooks'
import { performance } from 'node:perf_hooks'
import type { Failure, GeneratorRecord } from '../record.js'
import type { Tally } from '../tally/tally.js'

/** Over how many seconds it is averaged. */
const WINDOW_S = 10

/** Beyond these the generator may be what is slow. */
const LIMITS = { latenessMs: 100, busy: 0.9, idleMachine: 0.05 } as const

/** Errors of this machine, not of the proxy. */
const OUR_ERRORS = /^(EMFILE|ENFILE|EADDRNOTAVAIL|EADDRINUSE|ENOBUFS|ENOMEM)$/

/** One thread's share of time in which it was busy, as Node.js measures it. */
export type Utilization = (last?: EventLoopUtilization, before?: EventLoopUtilization) => EventLoopUtilization

/** What the rehearsal itself takes: processor time, memory, and whether it is late. */
export class GeneratorWatch {
  readonly #threads: ReadonlyArray<{ readonly read: Utilization; last: EventLoopUtilization }>
  readonly #cpuBefore = process.cpuUsage()
  #times = machineTimes()
  #seconds = 0
  #busiest = 0
  #maxRss = 0
  #busyMachineWindows = 0
  #windows = 0

  constructor(threads: readonly Utilization[]) {
    this.#threads = threads.map((read) => ({ read, last: read() }))
  }

  /** Is called each second. */
  sample(): void {
    this.#maxRss = Math.max(this.#maxRss, process.memoryUsage.rss())
    this.#seconds += 1
    if (this.#seconds % WINDOW_S === 0) this.#window()
  }

  record({ lateness, failures }: Tally): GeneratorRecord {
    if (this.#windows === 0) this.#window()
    const { user, system } = process.cpuUsage(this.#cpuBefore)
    const latenessP99Ms = Math.round(lateness.quantile(0.99))
    return {
      cpuMs: Math.round((user + system) / 1_000),
      maxRssBytes: this.#maxRss,
      lateness: lateness.sparse(),
      latenessP99Ms,
      busiestThread: Math.round(this.#busiest * 100) / 100,
      limits: this.#limits(latenessP99Ms, failures.list()),
    }
  }

  #limits(latenessP99Ms: number, failures: readonly Failure[]): string[] {
    const limits: string[] = []
    if (latenessP99Ms > LIMITS.latenessMs) {
      limits.push(
        `One in a hundred acts of users began ${latenessP99Ms} ms late or more: the generator could not keep up.`,
      )
    }
    if (this.#busiest > LIMITS.busy) {
      limits.push(
        `A thread of the generator was busy ${Math.round(this.#busiest * 100)} % of the time for ${WINDOW_S} s.`,
      )
    }
    if (this.#busyMachineWindows * 4 > this.#windows) {
      const seconds = this.#busyMachineWindows * WINDOW_S
      limits.push(
        `All processors of this machine were busy for ${seconds} s: proxy and generator took them from each other.`,
      )
    }
    for (const { kind, count } of failures.filter((failure) => OUR_ERRORS.test(failure.kind))) {
      limits.push(`${count} connections could not be opened for want of something on this machine: ${kind}.`)
    }
    return limits
  }

  #window(): void {
    this.#windows += 1
    for (const thread of this.#threads) {
      const now = thread.read()
      this.#busiest = Math.max(this.#busiest, thread.read(now, thread.last).utilization)
      thread.last = now
    }
    const times = machineTimes()
    const [idle, all] = [times.idle - this.#times.idle, times.all - this.#times.all]
    this.#times = times
    if (all > 0 && idle / all < LIMITS.idleMachine) this.#busyMachineWindows += 1
  }
}

/** The busy share of this thread. */
export const ownUtilization: Utilization = (last, before) => performance.eventLoopUtilization(last, before)

function machineTimes(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((each) => Object.values(each))) }
}
