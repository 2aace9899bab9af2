import type { RunningProxy } from '../contenders/contender.js'
import { h2load } from '../load/h2load.js'
import { cpuSeconds } from '../machine/usage.js'
import { spreadPaths } from './paths.js'
import type { Figure, Scene } from './work.js'

const WARM_UP = 2_000

/** What is measured of every load of requests. */
export const LOAD_FIGURES = {
  rate: { title: 'requests a second', unit: 'req/s' },
  dataCpu: { title: 'CPU a request, of what carries it', unit: 'us' },
  cpu100k: { title: 'CPU for 100,000 requests, of all processes', unit: 's' },
  busy: { title: 'of one processor, taken by what carries it', unit: '%', isCondition: true },
} as const satisfies Record<string, Figure>

/** Runs a load, and sees what it takes of the processor. */
export async function measureLoad(
  proxy: RunningProxy,
  load: () => Promise<{ readonly requests: number; readonly rate: number }>,
): Promise<Record<keyof typeof LOAD_FIGURES, number>> {
  const { result, dataCpu, controlCpu } = await measureCpu(proxy, load)
  const { requests, rate } = result
  const [perRequest, all] = [dataCpu / requests, (dataCpu + controlCpu) / requests]
  return { rate, dataCpu: perRequest * 1e6, cpu100k: all * 100_000, busy: perRequest * rate * 100 }
}

/** What something takes of the processor, in seconds. */
export async function measureCpu<T>(proxy: RunningProxy, act: () => Promise<T>) {
  const { data, control } = await proxy.pids()
  const before = [await cpuSeconds(data), await cpuSeconds(control)] as const
  const begin = performance.now()
  const result = await act()
  const seconds = (performance.now() - begin) / 1000
  const [dataCpu, controlCpu] = [(await cpuSeconds(data)) - before[0], (await cpuSeconds(control)) - before[1]]
  return { result, seconds, dataCpu, controlCpu }
}

/** Requests that count for nothing: connections are opened, code is compiled, clusters are made. */
export async function warmUp(proxy: RunningProxy, { users, tls }: Scene): Promise<void> {
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${proxy.port}`
  const paths = spreadPaths(users, '/x')
  await h2load({ url, paths, connections: 16, protocol: 'http/1.1', amount: { requests: WARM_UP } })
}
