import { ApiClient } from '../api-client.js'
import type { StandingWork } from './work.js'

const USERS = 10_000

export const API_LIST: StandingWork = {
  name: 'api-list',
  title: `GET /api/routes with ${USERS.toLocaleString('en')} routes`,
  figures: { time: { title: 'time', unit: 'ms' } },
  contenders: ['ours', 'chp-5.3.0', 'chp-4.6.3'],
  scene: { users: USERS },
  measure: async (_stage, proxy) => {
    const client = new ApiClient(proxy.apiPort ?? 0, 1)
    try {
      const [time = Number.NaN] = await client.list()
      return { time }
    } finally {
      client.close()
    }
  },
}
