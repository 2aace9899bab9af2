import type { NamedIncident } from './incident.js'
import { playedHub } from './parts.js'

export const REPOPULATE: NamedIncident = {
  name: 'repopulate',
  description: 'The table is empty, and the hub adds all routes again, ten at a time, while users go on.',
  noticed: 'Errors for a moment. Each route works as soon as it has been added.',
  source:
    'https://github.com/berkeley-dsep-infra/datahub/blob/main/docs/admins/incidents/2017-02-24-proxy-death-incident.md',
  interrupts: true,
  needs: ['played hub'],
  async run(world) {
    const hub = playedHub(world)
    await hub.dropTable()
    world.did('deleted every route')
    const begun = performance.now()
    await hub.repopulate()
    world.did(`added ${hub.routes().length} routes in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  },
}
