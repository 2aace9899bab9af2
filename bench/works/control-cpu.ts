import { h2load } from '../load/h2load.js'
import { measureCpu } from './load.js'
import { spreadPaths } from './paths.js'
import { httpUrl } from './requests.js'
import type { StandingWork } from './work.js'

const RATE = 10_000
const USERS = 100

export const CONTROL_CPU: StandingWork = {
  name: 'control-cpu',
  title: `What the control plane does while ${RATE.toLocaleString('en')} requests a second pass`,
  figures: {
    cpu: { title: 'CPU of the control plane', unit: '%' },
    rate: { title: 'requests a second that passed', unit: 'req/s', isCondition: true },
  },
  contenders: ['ours'],
  scene: { users: USERS },
  measure: async ({ effort }, proxy) => {
    const load = { url: httpUrl(proxy.port), paths: spreadPaths(USERS, '/x'), protocol: 'http/1.1' as const }
    // Longer than others: it works at intervals.
    const amount = { seconds: 2 * effort.seconds, rate: RATE }
    const act = () => h2load({ ...load, connections: 32, amount })
    const { result, seconds, controlCpu } = await measureCpu(proxy, act)
    return { cpu: (controlCpu / seconds) * 100, rate: result.rate }
  },
}
