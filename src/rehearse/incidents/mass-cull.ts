import type { NamedIncident } from './incident.js'
import { forAll, playedHub, playedServers, routespecOf, someUsers } from './parts.js'

const SHARE = 0.5
const AWAY_MS = 5_000
const SETTLE_MS = 10_000

export const MASS_CULL: NamedIncident = {
  name: 'mass-cull',
  description: 'The servers of half the users are culled at once; 5 s later these users all come back.',
  noticed: 'Nothing, by the other half. Who comes back gets a server as usual.',
  source: 'https://github.com/jupyterhub/jupyterhub-idle-culler, which stops all servers that it finds idle at once',
  interrupts: false,
  needs: ['played hub'],
  async run(world) {
    const [hub, servers] = [playedHub(world), playedServers(world)]
    const culled = someUsers(world, SHARE)
    const excusedUntil = world.excuse(culled)
    world.users.leave(culled, 'politely')
    await servers.end(culled)
    const begun = performance.now()
    await forAll(world, culled, (user) => hub.remove(routespecOf(world, user)))
    world.did(`deleted ${culled.length} routes in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
    excusedUntil()
    await world.wait(AWAY_MS)
    world.users.come(culled)
    world.did(`${culled.length} users came back`)
    await world.wait(SETTLE_MS)
  },
}
