import type { NamedIncident } from './incident.js'
import { everybody, playedHub, replaceProxy } from './parts.js'

export const TABLE_LOST: NamedIncident = {
  name: 'table-lost',
  description:
    'The proxy loses all it had, its disk included, and is started again by somebody else than the hub, which notices when it next checks the routes: every 5 minutes, here sooner.',
  noticed:
    'Errors, until the hub looks. From then on all is as before. Routes that are stored in etcd or Kubernetes are not lost like this.',
  source: 'https://github.com/jupyterhub/jupyterhub/issues/2000',
  interrupts: true,
  needs: ['own proxy', 'played hub'],
  async run(world) {
    const hub = playedHub(world)
    await replaceProxy(world, () => world.proxy.loseDisk())
    world.did('started the proxy without its disk')
    // Until the hub looks, no proxy can know what it has lost.
    const excusedUntil = world.excuse(everybody(world))
    world.did(`the hub checks every ${hub.checkIntervalMs / 1000} s`)
    await world.wait(hub.checkIntervalMs)
    excusedUntil()
    const { added } = await hub.check()
    world.did(`the hub has looked at all routes again; ${added} were missing still`)
  },
}
