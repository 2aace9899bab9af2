import type { NamedIncident } from './incident.js'
import { killRoles, untilAccepting } from './parts.js'

export const ENVOY_KILLED: NamedIncident = {
  name: 'envoy-killed',
  description: 'Envoy alone is killed. The control plane starts it again.',
  noticed:
    'What was under way is lost, websockets included. Within a second or two pages work as before. JupyterLab finds its kernels within half a minute.',
  source: 'a crash of the process that carries the traffic, which every data path must expect',
  interrupts: true,
  needs: ['own proxy'],
  async run(world) {
    await killRoles(world, ['envoy'], 'Envoy')
    await untilAccepting(world)
  },
}
