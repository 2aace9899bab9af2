import { CONTENDERS } from '../contenders/contender.js'
import { askAtRate } from '../load/wrk.js'
import { DEEP, spreadPaths } from './paths.js'
import { DEEP_10K, httpUrl } from './requests.js'
import type { StandingWork } from './work.js'

const CONNECTIONS = 64

/** Half of what CHP 5.3.0 carries on a slow machine, where the work that finds it out isn't done. */
const RATE = 1_500

export const LATENCY: StandingWork = {
  name: 'latency',
  title: `The same requests as ${DEEP_10K.name}, at half the rate that is CHP 5.3.0's most, from ${CONNECTIONS} connections at random moments`,
  figures: {
    p50: { title: 'median', unit: 'ms' },
    p99: { title: '99 % within', unit: 'ms' },
    p999: { title: '99.9 % within', unit: 'ms' },
    rate: { title: 'requests a second', unit: 'req/s', isCondition: true },
  },
  contenders: CONTENDERS,
  scene: { users: 10_000 },
  measure: async ({ effort, seen }, proxy) => {
    const most = seen(DEEP_10K.name, 'chp-5.3.0', 'rate')
    const { p50, p99, p999, rate } = await askAtRate(spreadPaths(10_000, DEEP), {
      url: httpUrl(proxy.port),
      seconds: 2 * effort.seconds,
      connections: CONNECTIONS,
      rate: most === undefined ? RATE : most / 2,
    })
    return { p50, p99, p999, rate }
  },
}
