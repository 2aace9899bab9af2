import type { NamedIncident } from './incident.js'
import { forAll, playedHub, playedServers } from './parts.js'

const FOR_MS = 20_000
const ROUTES = 50

export const ROUTE_CHURN: NamedIncident = {
  name: 'route-churn',
  description: 'For 20 s routes of other users are added and deleted as fast as the proxy takes it, ten at a time.',
  noticed: 'Nothing.',
  source: 'https://github.com/berkeley-dsep-infra/datahub/blob/main/docs/admins/incidents/2024-core-node-incidents.md',
  interrupts: false,
  needs: ['played hub'],
  async run(world) {
    const [hub, servers] = [playedHub(world), playedServers(world)]
    const target = world.users
      .active()
      .map((user) => servers.target(user))
      .find((one) => one !== undefined)
    if (target === undefined) throw new Error('no user has a server yet')
    const routespecs = Array.from({ length: ROUTES }, (_, index) => `/user/churn-${index}`)
    let isOver = false
    const time = world.wait(FOR_MS).then(() => {
      isOver = true
    })
    let changes = 0
    while (!isOver) {
      await forAll(world, routespecs, async (routespec) => {
        await hub.add(routespec, target)
        await hub.remove(routespec)
        changes += 2
      })
    }
    await time
    world.did(`changed routes ${changes} times`)
  },
}
