/** As many workers as any piece of work has. */
const MOST_WORKERS = 2

/**
 * The processors of a proxy, one for each worker, as `taskset -c` takes them.
 *
 * @param allowed those that this program may use
 */
export function proxyShare(allowed: readonly number[], workers: number): string {
  return allowed.slice(0, workers).join(',')
}

/**
 * Those of what makes the load and of what answers it: others than the proxy's as far as there are any, and the same for
 * all contenders.
 */
export function loadShare(allowed: readonly number[]): string {
  const others = allowed.slice(MOST_WORKERS)
  return (others.length > 0 ? others : allowed.slice(-1)).join(',')
}

/** The numbers in a list as the kernel writes it: `0-3,8`. */
export function readProcessorList(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}
