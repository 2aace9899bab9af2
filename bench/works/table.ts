import type { RunningProxy } from '../contenders/contender.js'
import { h2load } from '../load/h2load.js'
import { measureLoad } from './load.js'
import { DEEP, userPath } from './paths.js'
import { httpUrl } from './requests.js'
import type { StandingWork } from './work.js'

export const TABLE_SIZES = [1, 100, 1_000, 10_000, 50_000] as const

const REQUESTS = 1_000

/** Where in a table a request is looked up, and its path. */
const PLACES: Readonly<Record<string, (size: number) => string>> = {
  first: () => `${userPath(0)}/x`,
  middle: (size) => `${userPath(Math.floor(size / 2))}/x`,
  last: (size) => `${userPath(size - 1)}/x`,
  miss: () => '/user/nobody/x',
  deep: (size) => userPath(Math.floor(size / 2)) + DEEP,
}

/** One request again and again, in tables of several sizes. */
export const TABLES: readonly StandingWork[] = TABLE_SIZES.map((size) => ({
  name: `table-${size}`,
  title: `${REQUESTS} GETs of one path, in a table of ${size.toLocaleString('en')} routes; a miss leads to the hub`,
  figures: Object.fromEntries(
    Object.keys(PLACES).map((place) => [place, { title: `CPU a request, ${place}`, unit: 'us' }] as const),
  ),
  contenders: ['ours', 'chp-5.3.0', 'envoy'],
  scene: { users: size },
  measure: async (_stage, proxy) => {
    const values: Record<string, number> = {}
    for (const [place, pathOf] of Object.entries(PLACES)) values[place] = await cpuOf(proxy, pathOf(size))
    return values
  },
}))

async function cpuOf(proxy: RunningProxy, path: string): Promise<number> {
  const load = { url: httpUrl(proxy.port), paths: [path], connections: 16, protocol: 'http/1.1' as const }
  const { dataCpu } = await measureLoad(proxy, () => h2load({ ...load, amount: { requests: REQUESTS } }))
  return dataCpu
}
