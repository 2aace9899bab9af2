import type { Case, Setup, Step } from '../case.js'
import { ask, SWITCHING, upgrade } from '../requests.js'

const routes = { '/r': '{backend}/base', '/': '{other}' }

function under(setup: Setup, name: string, talk: readonly Step[], more: Partial<Case> = {}): Case {
  return {
    name: `${setup.options
      ?.filter((option) => option.startsWith('-'))
      .slice(0, 2)
      .join(' ')}: ${name}`,
    setup,
    routes,
    talk,
    ...more,
  }
}

const NO_PREFIX = { options: ['--no-include-prefix'] }
const NO_PREPEND = { options: ['--no-prepend-path'] }
const NEITHER = { options: ['--no-include-prefix', '--no-prepend-path'] }
const ORIGIN = { options: ['--change-origin'] }
const CUSTOM = {
  options: ['X-One: 1', ' X-Two:a:b ', 'x-one: 2', 'Host: custom.example', 'User-Agent: proxy'].flatMap((line) => [
    '--custom-header',
    line,
  ]),
}
const AUTO = { options: ['--auto-rewrite'] }
const PROTOCOL = { options: ['--protocol-rewrite', 'https'] }
const BOTH = { options: ['--auto-rewrite', '--protocol-rewrite', 'https'] }

/** A backend that answers with this status and Location. */
function locating(setup: Setup, name: string, status: string, location: string, ...headers: string[]): Case {
  const send = [`HTTP/1.1 ${status}\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`]
  return under(setup, name, ask('GET /r', ...headers), { backends: { backend: { onEnd: { send } } } })
}

/** The flags that change requests and redirects on their way. */
export const REWRITING: readonly Case[] = [
  under(NO_PREFIX, 'below a route', ask('GET /r/x?y')),
  under(NO_PREFIX, 'a route, exactly', ask('GET /r')),
  under(NO_PREFIX, 'a route, exactly, with a query', ask('GET /r?y')),
  under(NO_PREFIX, 'a route and a slash', ask('GET /r/')),
  under(NO_PREFIX, 'the root', ask('GET /s/x')),
  under(NO_PREFIX, 'a target without a path', ask('GET /r/x'), { routes: { '/r': '{backend}' } }),
  under(NO_PREFIX, 'a target without a path, exactly', ask('GET /r'), { routes: { '/r': '{backend}' } }),
  under(NO_PREFIX, 'a target with a slash, exactly', ask('GET /r'), { routes: { '/r': '{backend}/base/' } }),
  under(NO_PREFIX, 'a deeper route', ask('GET /a/b/c/d'), { routes: { '/a/b': '{backend}' } }),
  under(NO_PREFIX, 'an escape below a route', ask('GET /r/%40/a%2Fb'), { routes: { '/r': '{backend}' } }),
  under(NO_PREFIX, 'an escape in the route', ask('GET /b%40r/rest'), { routes: { '/b@r': '{backend}' } }),
  under(NO_PREFIX, 'UTF-8 in the route', ask('GET /%E7%A7%80/rest'), { routes: { '/秀': '{backend}' } }),
  under(NO_PREFIX, 'a websocket', upgrade('/r/x'), {
    backends: { backend: { onEnd: { send: [SWITCHING], after: 'echo' } } },
  }),
  under(NO_PREPEND, 'below a route', ask('GET /r/x?y')),
  under(NO_PREPEND, 'a route, exactly', ask('GET /r')),
  under(NEITHER, 'below a route', ask('GET /r/x?y')),
  under(NEITHER, 'a route, exactly', ask('GET /r')),
  under(ORIGIN, 'a target with a port', ask('GET /r/x')),
  under(ORIGIN, 'a target with a name', ask('GET /r/x', 'Host: a:1'), {
    routes: { '/r': 'http://localhost:{backendPort}' },
  }),
  under(ORIGIN, 'a target on a unix socket', ask('GET /r/x'), { routes: { '/r': '{unix}' } }),
  under(ORIGIN, 'a websocket', upgrade('/r/x'), {
    backends: { backend: { onEnd: { send: [SWITCHING], after: 'echo' } } },
  }),
  under(CUSTOM, 'a request', ask('GET /r/x')),
  under(CUSTOM, 'a request that has one of them', ask('GET /r/x', 'X-Two: mine', 'X-ONE: mine')),
  under(CUSTOM, 'a websocket', upgrade('/r/x'), {
    backends: { backend: { onEnd: { send: [SWITCHING], after: 'echo' } } },
  }),
  under(CUSTOM, 'a User-Agent of its own', ask('GET /r/x', 'User-Agent: mine')),
  locating(AUTO, '301 to the target', '301 Moved Permanently', '{backend}/base/x?y'),
  locating(AUTO, '302 to the target, from a Host with a port', '302 Found', '{backend}/x', 'Host: hub.example:8443'),
  locating(AUTO, '303 to the target', '303 See Other', '{backend}/x'),
  locating(AUTO, '307 to the target', '307 Temporary Redirect', '{backend}/x'),
  locating(AUTO, '308 to the target', '308 Permanent Redirect', '{backend}/x'),
  locating(AUTO, '201 at the target', '201 Created', '{backend}/x'),
  locating(AUTO, '200 with a Location', '200 OK', '{backend}/x'),
  locating(AUTO, '302 to another port', '302 Found', 'http://127.0.0.1:1/x'),
  locating(AUTO, '302 to another host', '302 Found', 'https://elsewhere.example/x'),
  locating(AUTO, '302 to a path', '302 Found', '/x/y?z'),
  locating(AUTO, '302 to a relative path', '302 Found', '../y'),
  locating(AUTO, '302 to the target, without a path', '302 Found', '{backend}'),
  locating(AUTO, '302 to the target, with a fragment', '302 Found', '{backend}/x?y#z'),
  locating(AUTO, '302 to the target by https', '302 Found', 'https://127.0.0.1:{backendPort}/x'),
  locating(AUTO, '302 to the target in another spelling', '302 Found', 'HTTP://127.0.0.1:{backendPort}/a b'),
  { oneHangs: true, ...locating(AUTO, '302 to no URL', '302 Found', 'http://[bad') },
  locating(PROTOCOL, '302 to the target', '302 Found', '{backend}/x'),
  locating(PROTOCOL, '302 in another spelling', '302 Found', 'HTTP://127.0.0.1:{backendPort}/a b/../c'),
  locating(AUTO, '302 with a user name', '302 Found', 'http://me@127.0.0.1:{backendPort}/x'),
  locating(PROTOCOL, '302 to another host', '302 Found', 'http://elsewhere.example/x'),
  locating(PROTOCOL, '302 to a path', '302 Found', '/x'),
  locating(BOTH, '302 to the target', '302 Found', '{backend}/x'),
  locating(BOTH, '302 to the target, from a Host with a port', '302 Found', '{backend}/x', 'Host: hub.example:8443'),
]
