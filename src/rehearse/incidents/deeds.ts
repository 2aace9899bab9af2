import type { ProxyProcess } from '../world.js'

/** How it is recorded that processes were killed. */
export function killedDeed(processes: readonly ProxyProcess[]): string {
  return `killed ${processes.map(({ role, pid }) => `${role} ${pid}`).join(', ')}`
}

/** The process ids in such a deed; none in any other. */
export function pidsKilledIn(deed: string): number[] {
  if (!deed.startsWith('killed ')) return []
  return [...deed.matchAll(/ (\d+)(?:,|$)/g)].map(([, pid]) => Number(pid))
}
