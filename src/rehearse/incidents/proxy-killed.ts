import type { NamedIncident } from './incident.js'
import { EVERY_ROLE, killRoles, untilAccepting } from './parts.js'

export const PROXY_KILLED: NamedIncident = {
  name: 'proxy-killed',
  description:
    'All processes of the proxy are killed at once, as in a container that has run out of memory. JupyterHub has started it, looks every 5 s whether it runs, and starts it again.',
  noticed:
    'What was under way is lost. Within seconds pages work as before, without a new login or a lost route. JupyterLab finds its kernels within half a minute.',
  source: 'https://github.com/jupyterhub/jupyterhub/issues/2000',
  interrupts: true,
  needs: ['own proxy', 'played hub'],
  async run(world) {
    await killRoles(world, EVERY_ROLE, 'process that can be seen')
    await untilAccepting(world)
  },
}
