import type { NamedIncident } from './incident.js'
import { playedHub, replaceProxy } from './parts.js'

/** From the eviction of the pod until another was started. */
const AWAY_MS = 7_000

export const CORE_2017: NamedIncident = {
  name: 'core-2017',
  description:
    'The pod of the proxy is evicted; Kubernetes starts another 7 s later, with what is on disk. The hub, which did not start it, notices when it next checks the routes: every 5 minutes, here sooner.',
  noticed: 'Nobody is served for 7 s. Then all is as before.',
  source:
    'https://github.com/berkeley-dsep-infra/datahub/blob/main/docs/admins/incidents/2017-02-24-proxy-death-incident.md',
  interrupts: true,
  needs: ['own proxy', 'played hub'],
  async run(world) {
    const hub = playedHub(world)
    await replaceProxy(world, () => world.wait(AWAY_MS))
    world.did('started the proxy')
    world.did(`the hub checks every ${hub.checkIntervalMs / 1000} s`)
    await world.wait(hub.checkIntervalMs)
  },
}
