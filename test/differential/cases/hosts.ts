import type { Case, Setup } from '../case.js'
import { api, ask, raw, SWITCHING, upgrade } from '../requests.js'

const HOSTS: Setup = { options: ['--host-routing'] }
const HOSTS_NO_PREFIX: Setup = { options: ['--host-routing', '--no-include-prefix'] }
const routes = { '/hub.example': '{other}', '/hub.example/user/ann': '{backend}', '/ann.hub.example': '{backend}' }

/** --host-routing: the first segment of a routespec is a host. */
export const HOST_ROUTING: readonly Case[] = [
  { name: 'a host', setup: HOSTS, routes, talk: ask('GET /x?y', 'Host: ann.hub.example') },
  { name: 'a host and a path', setup: HOSTS, routes, talk: ask('GET /user/ann/x') },
  { name: 'a host alone', setup: HOSTS, routes, talk: ask('GET /') },
  { name: 'a port in Host', setup: HOSTS, routes, talk: ask('GET /user/ann', 'Host: hub.example:8000') },
  { name: 'another host', setup: HOSTS, routes, talk: ask('GET /user/ann', 'Host: other.example') },
  { name: 'upper case in Host', setup: HOSTS, routes, talk: ask('GET /x', 'Host: ANN.hub.example') },
  { name: 'a host with a dot at its end', setup: HOSTS, routes, talk: ask('GET /x', 'Host: ann.hub.example.') },
  { name: 'a host that is a path', setup: HOSTS, routes, talk: ask('GET /ann', 'Host: hub.example%2Fuser') },
  {
    name: 'a path that looks like a host',
    setup: HOSTS,
    routes,
    talk: ask('GET /ann.hub.example/x', 'Host: other.example'),
  },
  { name: 'no Host', setup: HOSTS, routes, talk: raw('GET /user/ann HTTP/1.0\r\n\r\n', 'GET') },
  {
    name: 'an IPv6 Host',
    setup: HOSTS,
    routes: { '/[::1]': '{backend}' },
    talk: ask('GET /x', 'Host: [::1]:8000'),
  },
  {
    name: 'X-Forwarded-Host does not count',
    setup: HOSTS,
    routes,
    talk: ask('GET /x', 'Host: other.example', 'X-Forwarded-Host: ann.hub.example'),
  },
  { name: 'the absolute form', setup: HOSTS, routes, talk: ask('GET http://ann.hub.example/x') },
  { name: 'the root', setup: HOSTS, routes: { ...routes, '/': '{other}' }, talk: ask('GET /x', 'Host: other.example') },
  {
    name: 'a websocket',
    setup: HOSTS,
    routes,
    talk: upgrade('/x', 'Host: ann.hub.example'),
    backends: { backend: { onEnd: { send: [SWITCHING], after: 'echo' } } },
  },
  { name: 'the API shows the host', setup: HOSTS, routes, talk: api('GET /api/routes') },
  {
    name: 'the API, one route',
    setup: HOSTS,
    routes,
    talk: [
      ...api('GET /api/routes/hub.example/user/ann'),
      ...api('DELETE /api/routes/ann.hub.example'),
      ...api('GET /api/routes'),
    ],
  },
  { name: 'without the prefix', setup: HOSTS_NO_PREFIX, routes, talk: ask('GET /user/ann/x') },
]
