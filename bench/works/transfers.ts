import type { RunningProxy } from '../contenders/contender.js'
import { CONTENDERS } from '../contenders/contender.js'
import { transfer } from '../load/curl.js'
import { fileOf } from '../load/file.js'
import { askFor, post } from '../load/wrk.js'
import { median } from '../statistics.js'
import { measureCpu, measureLoad } from './load.js'
import { LARGE } from './paths.js'
import { httpUrl } from './requests.js'
import type { Figure, StandingWork, Values } from './work.js'

const MB = 1_000_000
const CONNECTIONS = 4
/** How often 100 MB are transferred in a round. */
const TRANSFERS = 5

const RATE_FIGURES = {
  rate: { title: 'megabytes a second', unit: 'MB/s' },
  cpu: { title: 'CPU a megabyte', unit: 'us' },
} as const satisfies Record<string, Figure>

const ONE_FIGURES = {
  time: { title: 'time of one, median', unit: 's' },
  cpu: { title: 'CPU of one', unit: 's' },
} as const satisfies Record<string, Figure>

export const GET_1MB: StandingWork = {
  name: 'get-1mb',
  title: `GET of 1 MB, ${CONNECTIONS} connections, as fast as it goes`,
  figures: RATE_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 100 },
  measure: async ({ effort }, proxy) => {
    const load = { url: httpUrl(proxy.port), seconds: effort.seconds, connections: CONNECTIONS }
    const { rate, cpu100k } = await measureLoad(proxy, () => askFor([`${LARGE}/${MB}`], load))
    return { rate, cpu: cpu100k * 10 }
  },
}

export const POST_10MB: StandingWork = {
  name: 'post-10mb',
  title: `POST of 10 MB, ${CONNECTIONS} connections, as fast as it goes`,
  figures: RATE_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 100 },
  measure: async ({ effort }, proxy) => {
    const load = { url: httpUrl(proxy.port), seconds: effort.seconds, connections: CONNECTIONS }
    const { rate, cpu100k } = await measureLoad(proxy, () => post(`${LARGE}/x`, 10 * MB, load))
    return { rate: rate * 10, cpu: cpu100k }
  },
}

export const GET_100MB: StandingWork = {
  name: 'get-100mb',
  title: `${TRANSFERS} GETs of 100 MB, one after the other`,
  figures: ONE_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 100 },
  measure: (_stage, proxy) => each(proxy, { url: `${httpUrl(proxy.port)}${LARGE}/${100 * MB}` }),
}

export const POST_100MB: StandingWork = {
  name: 'post-100mb',
  title: `${TRANSFERS} POSTs of 100 MB, one after the other`,
  figures: ONE_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 100 },
  measure: async ({ directory }, proxy) => {
    const upload = await fileOf(directory, 100 * MB)
    return each(proxy, { url: `${httpUrl(proxy.port)}${LARGE}/x`, upload })
  },
}

/** A single one takes so little time that it depends on chance. */
async function each(proxy: RunningProxy, what: Parameters<typeof transfer>[0]): Promise<Values> {
  const times: number[] = []
  const { dataCpu, controlCpu } = await measureCpu(proxy, async () => {
    while (times.length < TRANSFERS) times.push(await transfer(what))
  })
  return { time: median(times), cpu: (dataCpu + controlCpu) / TRANSFERS }
}
