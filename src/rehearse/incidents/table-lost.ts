import type { NamedIncident } from './incident.js'
import { playedHub, replaceProxy } from './parts.js'

export const TABLE_LOST: NamedIncident = {
  name: 'table-lost',
  description:
    'The proxy loses all it had, its disk included, and is started again. The hub notices when it next checks.',
  noticed: 'Errors, until the hub has added the routes again.',
  source: 'https://github.com/jupyterhub/jupyterhub/issues/2000',
  interrupts: true,
  needs: ['own proxy', 'played hub'],
  async run(world) {
    const hub = playedHub(world)
    await replaceProxy(world, () => world.proxy.loseDisk())
    world.did('started the proxy without its disk')
    world.did(`the hub checks every ${hub.checkIntervalMs / 1000} s`)
    await world.wait(hub.checkIntervalMs)
    const { added } = await hub.check()
    world.did(`the hub has looked at all routes again; ${added} were missing still`)
  },
}
