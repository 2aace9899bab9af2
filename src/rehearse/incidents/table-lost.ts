import type { NamedIncident } from './incident.js'
import { EVERY_ROLE, everybody, killRoles, playedHub } from './parts.js'

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
    hub.restartsProxy = false
    try {
      const excusedUntil = world.excuse(everybody(world))
      await killRoles(world, EVERY_ROLE, 'process that can be seen')
      await world.proxy.loseDisk()
      excusedUntil()
      await world.proxy.start()
      world.did('started the proxy without its disk')
    } finally {
      hub.restartsProxy = true
    }
    world.did(`the hub checks every ${hub.checkIntervalMs / 1000} s`)
    await world.wait(hub.checkIntervalMs)
    const { added } = await hub.check()
    world.did(`the hub has looked at all routes again; ${added} were missing still`)
  },
}
