import { CONTENDERS } from '../contenders/contender.js'
import { transfer } from '../load/curl.js'
import { fileOf } from '../load/file.js'
import { askFor, post } from '../load/wrk.js'
import { measureCpu, measureLoad } from './load.js'
import { LARGE } from './paths.js'
import { httpUrl } from './requests.js'
import type { Figure, StandingWork } from './work.js'

const MB = 1_000_000
const CONNECTIONS = 4

const RATE_FIGURES = {
  rate: { title: 'megabytes a second', unit: 'MB/s' },
  cpu: { title: 'CPU a megabyte', unit: 'us' },
} as const satisfies Record<string, Figure>

const ONE_FIGURES = {
  time: { title: 'time', unit: 's' },
  cpu: { title: 'CPU', unit: 's' },
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
  title: 'One GET of 100 MB',
  figures: ONE_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 100 },
  measure: async (_stage, proxy) => {
    const url = `${httpUrl(proxy.port)}${LARGE}/${100 * MB}`
    const { result, dataCpu, controlCpu } = await measureCpu(proxy, () => transfer({ url }))
    return { time: result, cpu: dataCpu + controlCpu }
  },
}

export const POST_100MB: StandingWork = {
  name: 'post-100mb',
  title: 'One POST of 100 MB',
  figures: ONE_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 100 },
  measure: async ({ directory }, proxy) => {
    const upload = await fileOf(directory, 100 * MB)
    const url = `${httpUrl(proxy.port)}${LARGE}/x`
    const { result, dataCpu, controlCpu } = await measureCpu(proxy, () => transfer({ url, upload }))
    return { time: result, cpu: dataCpu + controlCpu }
  },
}
