import type { Case } from '../case.js'
import { api, ask, SWITCHING, upgrade } from '../requests.js'

const routes = { '/r': '{backend}' }
const SOCKETS = { options: ['--socket', '{dir}/public.sock', '--api-socket', '{dir}/api.sock'] }

/** Unix sockets to listen on. */
export const UNIX_SOCKETS: readonly Case[] = [
  { name: 'a request', setup: SOCKETS, routes, talk: ask('GET /r/x') },
  {
    name: 'X-Forwarded-For',
    setup: SOCKETS,
    routes,
    talk: ask('GET /r/x', 'X-Forwarded-For: 192.0.2.1'),
  },
  { name: 'no route', setup: SOCKETS, talk: ask('GET /nothing') },
  {
    name: 'a websocket',
    setup: SOCKETS,
    routes,
    talk: upgrade('/r/x'),
    backends: { backend: { onEnd: { send: [SWITCHING], after: 'echo' } } },
  },
  { name: 'the API', setup: SOCKETS, routes, talk: api('GET /api/routes') },
  { name: 'the health check', setup: SOCKETS, talk: ask('GET /_chp_healthz') },
]
