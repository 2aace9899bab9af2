import type { NamedIncident } from './incident.js'
import { playedServers, someUsers } from './parts.js'

const SHARE = 0.1
const FOR_MS = 20_000

export const SERVER_HANGS: NamedIncident = {
  name: 'server-hangs',
  description: 'For 20 s the servers of a tenth of the users accept connections and answer nothing.',
  noticed: 'Nothing, by all others.',
  source: 'https://github.com/jupyterhub/configurable-http-proxy/pull/539',
  interrupts: false,
  needs: ['played hub'],
  async run(world) {
    const servers = playedServers(world)
    const users = someUsers(world, SHARE)
    const excusedUntil = world.excuse(users)
    await servers.hang(users)
    world.did(`${users.length} servers hang`)
    await world.wait(FOR_MS)
    await servers.resume(users)
    world.did('they answer again')
    excusedUntil()
  },
}
