import type { NamedIncident } from './incident.js'
import { absentUsers, playedHub } from './parts.js'

const AWAY_MS = 15_000
const SETTLE_MS = 5_000

export const HUB_RESTARTED: NamedIncident = {
  name: 'hub-restarted',
  description: 'The hub is gone for 15 s, as in an upgrade. When it is back it compares the routes with its own.',
  noticed: 'Nothing, by those who have a server. Nobody can log in meanwhile.',
  source: 'https://github.com/jupyterhub/jupyterhub/issues/775',
  interrupts: false,
  needs: ['played hub'],
  async run(world) {
    const hub = playedHub(world)
    // Who comes now meets no hub: no proxy can help.
    const excusedUntil = world.excuse(absentUsers(world))
    await hub.stop()
    world.did('stopped the hub')
    await world.wait(AWAY_MS)
    await hub.start()
    excusedUntil()
    world.did('started the hub')
    await world.wait(SETTLE_MS)
  },
}
