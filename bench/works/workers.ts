import { askFor } from '../load/wrk.js'
import { LOAD_FIGURES, measureLoad } from './load.js'
import { DEEP, spreadPaths } from './paths.js'
import { httpUrl } from './requests.js'
import type { StandingWork } from './work.js'

const USERS = 100

/** A worker has a processor of its own if there is one more for the load. */
export const WORKERS: readonly StandingWork[] = [1, 2].map((workers) => ({
  name: `workers-${workers}`,
  title: `GET of two bytes, nine segments deep, ${workers === 1 ? 'one worker' : `${workers} workers`}`,
  figures: LOAD_FIGURES,
  contenders: ['ours', 'envoy'],
  scene: { users: USERS, workers },
  measure: ({ effort }, proxy) =>
    measureLoad(proxy, () =>
      askFor(spreadPaths(USERS, DEEP), { url: httpUrl(proxy.port), seconds: effort.seconds, connections: 32 }),
    ),
}))
