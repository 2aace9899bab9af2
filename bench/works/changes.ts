import { ApiClient } from '../api-client.js'
import type { RunningProxy } from '../contenders/contender.js'
import { askFor } from '../load/wrk.js'
import { median, quantile } from '../statistics.js'
import { spreadPaths } from './paths.js'
import { httpUrl } from './requests.js'
import type { Figure, Stage, StandingWork, Values } from './work.js'

export const CHANGES_SIZES = [100, 10_000, 50_000] as const

const WITH_API = ['ours', 'chp-5.3.0', 'chp-4.6.3'] as const
const AT_ONCE = [1, 10, 100] as const
const DEEDS = ['add', 'change', 'delete'] as const

/** Routes added, changed and deleted in a table that keeps its size. */
export const CHANGES: readonly StandingWork[] = CHANGES_SIZES.map((size) => ({
  name: `changes-${size}`,
  title: `Routes added, changed and deleted in a table of ${size.toLocaleString('en')}, while nothing else goes on`,
  figures: figures(),
  contenders: WITH_API,
  scene: { users: size },
  measure: (stage, proxy) => change(stage, proxy),
}))

const LOADED_SIZE = 10_000

export const CHANGES_LOADED: StandingWork = {
  name: 'changes-loaded',
  title: `The same in a table of ${LOADED_SIZE.toLocaleString('en')}, while the proxy carries all the requests that it can`,
  figures: figures(),
  contenders: WITH_API,
  scene: { users: LOADED_SIZE },
  measure: async (stage, proxy) => {
    const url = httpUrl(proxy.port)
    const done = new AbortController()
    const load = (async () => {
      while (!done.signal.aborted) await askFor(spreadPaths(LOADED_SIZE, '/x'), { url, seconds: 1 })
    })()
    try {
      return await change(stage, proxy)
    } finally {
      done.abort()
      await load
    }
  },
}

function figures(): Record<string, Figure> {
  const entries = DEEDS.flatMap((deed) =>
    AT_ONCE.flatMap((atOnce) => {
      const how = atOnce === 1 ? 'alone' : `${atOnce} at a time`
      return [
        [name(deed, atOnce, 'p50'), { title: `${deed} ${how}, median`, unit: 'ms' }],
        [name(deed, atOnce, 'p99'), { title: `${deed} ${how}, 99 % within`, unit: 'ms' }],
      ] as const
    }),
  )
  return Object.fromEntries(entries)
}

function name(deed: (typeof DEEDS)[number], atOnce: number, quantile: 'p50' | 'p99'): string {
  return `${deed}-${atOnce}-${quantile}`
}

async function change({ effort, backends }: Stage, proxy: RunningProxy): Promise<Values> {
  const values: Record<string, number> = {}
  for (const atOnce of AT_ONCE) {
    const client = new ApiClient(proxy.apiPort ?? 0, atOnce)
    const routespecs = Array.from({ length: Math.max(effort.calls, 2 * atOnce) }, (_, i) => `/user/new${i}`)
    const times = {
      add: await client.add(routespecs, backends.small),
      change: await client.add(routespecs, backends.large),
      delete: await client.remove(routespecs),
    }
    client.close()
    for (const deed of DEEDS) {
      values[name(deed, atOnce, 'p50')] = median(times[deed])
      values[name(deed, atOnce, 'p99')] = quantile(times[deed], 0.99)
    }
  }
  return values
}
