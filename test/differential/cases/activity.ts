import type { Behaviour, Case, Setup, Step } from '../case.js'
import { ask, askWith, at, SWITCHING, upgrade } from '../requests.js'

const routes = { '/r': '{backend}', '/dead': '{dead}' }

/** Whether the talk counts as activity of the route. */
function activity(name: string, talk: readonly Step[], backend: Behaviour = {}, route = '/r'): Case {
  return {
    name,
    routes,
    backends: { backend },
    talk: [{ remember: route }, ...talk, { advanced: route }],
  }
}

function answer(line: string): Behaviour {
  return { onEnd: { send: [`HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n`] } }
}

const ECHO: Behaviour = { onEnd: { send: [SWITCHING], after: 'echo' } }

/** What last_activity is set by. */
export const ACTIVITY: readonly Case[] = [
  activity('200', ask('GET /r')),
  activity('201 to a POST', askWith('POST /r', 'x'), answer('201 Created')),
  activity('204', ask('GET /r'), { onEnd: { send: ['HTTP/1.1 204 No Content\r\n\r\n'] } }),
  activity('301', ask('GET /r'), answer('301 Moved')),
  activity('304', ask('GET /r'), { onEnd: { send: ['HTTP/1.1 304 Not Modified\r\n\r\n'] } }),
  activity('404', ask('GET /r'), answer('404 Not Found')),
  activity('500', ask('GET /r'), answer('500 Broken')),
  activity('404 to a request with a body', askWith('POST /r', 'x'), answer('404 Not Found')),
  activity('302 to a request with a body', askWith('POST /r', 'x'), answer('302 Found')),
  activity('HEAD', ask('HEAD /r'), answer('200 OK')),
  activity('a dead target', ask('GET /dead'), {}, '/dead'),
  activity('a dead target and a body', askWith('POST /dead', 'x'), {}, '/dead'),
  activity('another route', ask('GET /nothing')),
  activity('a websocket is opened', upgrade('/r'), ECHO),
  activity('data of the client on a websocket', [...upgrade('/r'), { send: ['hello'] }, { receive: 5 }], ECHO),
  activity('data of the backend on a websocket', [...upgrade('/r'), { receive: 3 }], {
    onEnd: { send: [SWITCHING, 'bye'], after: 'echo' },
  }),
  activity('a websocket that is refused', upgrade('/r'), answer('403 Forbidden')),
  activity('a health check', ask('GET /_chp_healthz')),
  {
    name: 'the default target',
    setup: { options: ['--default-target', '{other}'] },
    talk: [{ remember: '/' }, ...ask('GET /x'), { advanced: '/' }],
  },
  {
    name: 'a parent of the route',
    routes: { '/r': '{other}', '/r/deep': '{backend}' },
    talk: [{ remember: '/r' }, ...ask('GET /r/deep/x'), { advanced: '/r' }],
  },
]

const METRICS: Setup = { options: ['--metrics-ip', '127.0.0.1', '--metrics-port', '{metricsPort}'] }

export const METRICS_SERVER: readonly Case[] = [
  {
    name: 'their names',
    setup: METRICS,
    body: 'metric names',
    routes,
    talk: [...ask('GET /r'), ...ask('GET /nothing'), ...at('metrics', 'GET /metrics')],
  },
  { name: 'another path', setup: METRICS, talk: at('metrics', 'GET /') },
  { name: 'a slash after it', setup: METRICS, talk: at('metrics', 'GET /metrics/') },
  { name: 'a query', setup: METRICS, talk: at('metrics', 'GET /metrics?x') },
  {
    name: 'by POST',
    setup: METRICS,
    body: 'metric names',
    talk: at('metrics', 'POST /metrics', 'Content-Length: 0'),
  },
  { name: 'by HEAD', setup: METRICS, talk: at('metrics', 'HEAD /metrics') },
  { name: 'not on the public port', setup: METRICS, talk: ask('GET /metrics') },
  { name: 'not on the API port', setup: METRICS, talk: at('api', 'GET /metrics') },
]
