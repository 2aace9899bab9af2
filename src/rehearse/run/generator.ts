import { cpus } from 'node:os'
import type { EventLoopUtilization } from 'node:perf_hooks'
import { performance } from 'node:perf_hooks'
import type { Failure, GeneratorRecord } from '../record.js'
import type { Tally } from '../tally/tally.js'
import { openFiles, openFilesLimit } from './open-files.js'

/** Over how many seconds it is averaged. */
const WINDOW_S = 10

/** Beyond these the generator may be what is slow. */
const LIMITS = { latenessMs: 100, busy: 0.9, idleMachine: 0.05, files: 0.98 } as const

/** Errors of this machine, not of the proxy. */
const OUR_ERRORS = /^(EMFILE|ENFILE|EADDRNOTAVAIL|EADDRINUSE|ENOBUFS|ENOMEM)$/

/** One thread's share of time in which it was busy, as Node.js measures it. */
export type Utilization = (last?: EventLoopUtilization, before?: EventLoopUtilization) => EventLoopUtilization

/** What may run out besides this process's own threads. */
export interface Machine {
  /** Of all processors since the machine started, in milliseconds. */
  times(): { readonly idle: number; readonly all: number }
  openFiles(): number
  readonly openFilesLimit: number
}

/** What the rehearsal itself takes: processor time, memory, and whether it is late. */
export class GeneratorWatch {
  readonly #threads: ReadonlyArray<{ readonly read: Utilization; last: EventLoopUtilization }>
  readonly #cpuBefore = process.cpuUsage()
  readonly #machine: Machine
  #times: ReturnType<Machine['times']>
  #seconds = 0
  #busiest = 0
  #maxRss = 0
  #mostFiles = 0
  #busyMachineWindows = 0
  #windows = 0

  constructor(threads: readonly Utilization[], machine = thisMachine()) {
    this.#machine = machine
    this.#times = machine.times()
    this.#threads = threads.map((read) => ({ read, last: read() }))
  }

  /** Is called each second. */
  sample(): void {
    this.#maxRss = Math.max(this.#maxRss, process.memoryUsage.rss())
    this.#mostFiles = Math.max(this.#mostFiles, this.#machine.openFiles())
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
    // Without any left, a played server closes what the proxy opens, which then looks like a failure of the proxy.
    const { openFilesLimit: allowed } = this.#machine
    if (this.#mostFiles > allowed * LIMITS.files) {
      limits.push(`It had ${this.#mostFiles} open files of ${allowed} that it may have: see ulimit -n.`)
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
    const times = this.#machine.times()
    const [idle, all] = [times.idle - this.#times.idle, times.all - this.#times.all]
    this.#times = times
    if (all > 0 && idle / all < LIMITS.idleMachine) this.#busyMachineWindows += 1
  }
}

/** The busy share of this thread. */
export const ownUtilization: Utilization = (last, before) => performance.eventLoopUtilization(last, before)

function thisMachine(): Machine {
  return { times: machineTimes, openFiles, openFilesLimit: openFilesLimit() }
}

function machineTimes(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((each) => Object.values(each))) }
}
