import { readdir, readFile, readlink } from 'node:fs/promises'
import type { IncidentProxy } from './proxies.js'

/** What a proxy's processes use together. */
export interface Usage {
  /** Resident memory, in MB. */
  readonly rss: number
  readonly sockets: number
  /** The used heap of its Node.js process, in MB. */
  readonly heap: number
}

export async function usageOf(proxy: IncidentProxy): Promise<Usage> {
  const pids = await proxy.pids()
  const rss = await Promise.all(pids.map(rssOf))
  const sockets = await Promise.all(pids.map(socketsOf))
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  return { rss: sum(rss), sockets: sum(sockets), heap: await heapOf(proxy.metricsPort) }
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

async function socketsOf(pid: number): Promise<number> {
  const descriptors = await readdir(`/proc/${pid}/fd`)
  const targets = await Promise.all(
    // One may be closed while it is looked at.
    descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')),
  )
  return targets.filter((target) => target.startsWith('socket:')).length
}

async function heapOf(metricsPort: number): Promise<number> {
  const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  )
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]) / 1024 / 1024
}

/** By how much values grow from one to the next, by least squares. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((total, value) => total + value, 0) / values.length
  const over = values.reduce((total, value, x) => total + (x - middle) * (value - mean), 0)
  return over / values.reduce((total, _value, x) => total + (x - middle) ** 2, 0)
}
