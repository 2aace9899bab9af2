import { BlackHole } from './black-hole.js'
import type { NamedIncident } from './incident.js'
import { forAll, playedHub, playedServers, routespecOf, someUsers } from './parts.js'

const SHARE = 0.2
/** Until the hub has seen that the servers are gone and has started others. */
const AWAY_MS = 20_000

export const NODE_LOST: NamedIncident = {
  name: 'node-lost',
  description:
    'The node with the servers of a fifth of the users is gone: packets to it are dropped. After 20 s the servers are elsewhere.',
  noticed: 'Nothing, by all others. Those of the node are served as soon as their servers are.',
  source: 'https://github.com/berkeley-dsep-infra/datahub/blob/main/docs/admins/incidents/2017-10-10-hung-nodes.md',
  interrupts: false,
  needs: ['played hub'],
  async run(world) {
    const [hub, servers] = [playedHub(world), playedServers(world)]
    const users = someUsers(world, SHARE).filter((user) => servers.target(user) !== undefined)
    const hole = await BlackHole.open()
    const excusedUntil = world.excuse(users)
    try {
      // What is connected hears nothing more, and what connects meets no host.
      await servers.hang(users)
      await forAll(world, users, (user) => hub.add(routespecOf(world, user), hole.url))
      world.did(`the servers of ${users.length} users are beyond reach`)
      await world.wait(AWAY_MS)
      await servers.resume(users)
      await forAll(world, users, async (user) => {
        const target = servers.target(user)
        if (target !== undefined) await hub.add(routespecOf(world, user), target)
      })
      world.did('they have servers elsewhere')
    } finally {
      excusedUntil()
      await hole.close()
    }
  },
}
