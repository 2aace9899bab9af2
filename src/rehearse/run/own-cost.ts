import type { Rehearsal } from '../record.js'

/**
 * What the rehearsal took of the processor beside what it measured, in a line. Where it took more, the proxy may have had less
 * than it could use.
 */
export function ownCostText(rehearsal: Rehearsal): string {
  const proxyMs = proxyCpuMs(rehearsal)
  const own = `The rehearsal itself took ${seconds(rehearsal.generator.cpuMs)} s of the processor`
  if (proxyMs === undefined) return `${own}; what the proxy took can't be seen from here.`
  const more = rehearsal.generator.cpuMs > proxyMs ? ': more than what it measures' : ''
  return `${own}, the proxy ${seconds(proxyMs)} s${more}.`
}

/** What the proxy took of the processor since the rehearsal began; a proxy that it started began with it. Undefined if it can't be seen. */
export function proxyCpuMs({ processes, proxy }: Rehearsal): number | undefined {
  if (processes.length === 0) return undefined
  const wasThere = proxy.command === undefined
  const times = processes.map(({ samples }) => (samples.at(-1)?.cpuMs ?? 0) - (wasThere ? (samples[0]?.cpuMs ?? 0) : 0))
  return times.reduce((sum, time) => sum + time, 0)
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}
