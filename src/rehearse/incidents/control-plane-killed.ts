import type { World } from '../world.js'
import { killedDeed } from './deeds.js'
import type { NamedIncident } from './incident.js'
import { NotApplicableError } from './incident.js'

const SETTLE_MS = 10_000

export const CONTROL_PLANE_KILLED: NamedIncident = {
  name: 'control-plane-killed',
  description: 'The process that takes the calls of the hub is killed, and the hub starts it again.',
  noticed: 'Nothing, but for those whose server starts just then: that takes longer.',
  source: 'https://github.com/berkeley-dsep-infra/datahub/blob/main/docs/admins/incidents/2024-core-node-incidents.md',
  interrupts: false,
  needs: ['own proxy', 'played hub'],
  async run(world) {
    // Nothing is excused: users' traffic doesn't pass through this process.
    if (!(await hasControlPlane(world)))
      throw new NotApplicableError('it has no control plane apart from its data path')
    const killed = await world.proxy.kill(['control-plane'])
    world.did(killedDeed(killed))
    while (!(await hasControlPlane(world))) if (!(await world.wait(100))) return
    world.did('a control plane runs again')
    await world.wait(SETTLE_MS)
  },
}

async function hasControlPlane({ proxy }: World): Promise<boolean> {
  return (await proxy.processes()).some(({ role }) => role === 'control-plane')
}
