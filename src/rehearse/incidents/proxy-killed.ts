import type { NamedIncident } from './incident.js'
import { EVERY_ROLE, killRoles, untilAccepting } from './parts.js'

export const PROXY_KILLED: NamedIncident = {
  name: 'proxy-killed',
  description: 'All processes of the proxy are killed at once, as when memory runs out; the hub starts it again.',
  noticed: 'What was under way is lost. Within seconds all is as before, without a new login or a lost route.',
  source: 'https://github.com/jupyterhub/jupyterhub/issues/2000',
  interrupts: true,
  needs: ['own proxy', 'played hub'],
  async run(world) {
    await killRoles(world, EVERY_ROLE, 'process that can be seen')
    await untilAccepting(world)
  },
}
