import { readFile } from 'node:fs/promises'
import { processorTime } from '../cost/measure.js'

/** Processor time that processes have taken so far, all their threads together, in seconds. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  return sum(await Promise.all(pids.map(processorTime))) / 1e9
}

/**
 * Memory of processes in MiB: all their pages in RAM, as if no other program on the machine had the same libraries or the
 * same Node.js.
 */
export async function memoryMib(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
      return Number(/^Rss:\s+(\d+) kB/m.exec(rollup)?.[1]) / 1024
    }),
  )
  return sum(sizes)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
