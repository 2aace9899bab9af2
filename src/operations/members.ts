import type { Endpoint } from '../api/call.js'
import { json } from '../api/call.js'
import type { FleetView } from '../fleet/view.js'

export const MEMBERS_PATH = '/api/members'

/** Shows clients with the token the control planes that serve the same routes. */
export function membersApi(view: () => FleetView): Endpoint {
  const handler = () => ({ ...json(view()), headers: { 'cache-control': 'no-store' } })
  return {
    matches: (path) => path === MEMBERS_PATH,
    needsToken: true,
    handler: (method) => (method === 'GET' ? handler : undefined),
  }
}
