import type { ProcessRecord, ProcessSample } from '../record.js'

/** What processes used together in one second. */
export interface Usage {
  /** Processors that were busy: 0.5 is half of one. */
  readonly cpus: number
  /** Resident, as if no other program on the machine had the same libraries or the same Node.js. */
  readonly memoryBytes: number
  readonly sockets: number
  readonly files: number
}

/**
 * What processes used together in each second, from 0 on.
 *
 * @param seconds how many there are
 * @returns undefined for a second in which none of them ran
 */
export function usageOf(processes: readonly ProcessRecord[], seconds: number): Array<Usage | undefined> {
  const each = processes.map((process) => usageOfOne(process, seconds))
  return Array.from({ length: seconds }, (_, second) => {
    const running = each.map((usage) => usage[second]).filter((usage) => usage !== undefined)
    return running.length === 0 ? undefined : running.reduce(plus)
  })
}

function usageOfOne({ samples }: ProcessRecord, seconds: number): Array<Usage | undefined> {
  const usage = Array.from<Usage | undefined>({ length: seconds })
  for (const [index, sample] of samples.entries()) {
    const next = samples[index + 1]
    const cpus = cpusBetween(samples[index - 1], sample)
    const from = secondOf(sample)
    // A sample that came late leaves a second without one.
    const to = next === undefined ? from + 1 : Math.max(from + 1, secondOf(next))
    const { sockets, files, rssBytes: memoryBytes } = sample
    usage.fill({ cpus, memoryBytes, sockets, files }, from, to)
  }
  return usage
}

function secondOf({ atMs }: ProcessSample): number {
  return Math.floor(atMs / 1000)
}

function cpusBetween(before: ProcessSample | undefined, after: ProcessSample): number {
  return before === undefined ? 0 : (after.cpuMs - before.cpuMs) / Math.max(1, after.atMs - before.atMs)
}

function plus(one: Usage, other: Usage): Usage {
  return {
    cpus: one.cpus + other.cpus,
    memoryBytes: one.memoryBytes + other.memoryBytes,
    sockets: one.sockets + other.sockets,
    files: one.files + other.files,
  }
}
