import type { Behaviour, Case } from '../case.js'
import { ask, askWith, raw, SWITCHING, UPGRADE, upgrade } from '../requests.js'

const routes = { '/ws': '{backend}' }
const backends = { backend: { onEnd: { send: [SWITCHING], after: 'echo' } } satisfies Behaviour }
const HEAD = ['GET /ws HTTP/1.1', 'Host: hub.example', ...UPGRADE, '', ''].join('\r\n')

function refused(name: string, bytes: string, after?: 'close' | 'reset'): Case {
  return {
    name,
    routes,
    backends: { backend: { onEnd: { send: [bytes], ...(after && { after }) } } },
    talk: upgrade('/ws/x'),
  }
}

/** Websockets, as bytes: neither proxy looks into their frames. */
export const WEBSOCKETS: readonly Case[] = [
  { name: 'opened', routes, backends, talk: upgrade('/ws/channels?session=1') },
  {
    name: 'data both ways',
    routes,
    backends,
    talk: [...upgrade('/ws'), { send: ['hello'] }, { receive: 5 }, { send: ['again'] }, { receive: 5 }],
  },
  {
    name: '4 MB both ways',
    routes,
    backends,
    talk: [...upgrade('/ws'), { send: ['x'.repeat(4_000_000)] }, { receive: 4_000_000 }],
  },
  {
    name: 'the client is gone',
    routes,
    backends,
    talk: [...upgrade('/ws'), { send: ['hello'] }, { receive: 5 }, { leave: 'whole' }],
  },
  {
    name: 'the client ends its side',
    routes,
    backends,
    talk: [...upgrade('/ws'), { send: ['hello'] }, { receive: 5 }, { leave: 'half' }, { closed: true }],
  },
  {
    name: 'the backend ends',
    routes,
    backends: { backend: { onEnd: { send: [SWITCHING, 'bye'], after: 'close' } } },
    talk: [...upgrade('/ws'), { receive: 3 }, { closed: true }],
  },
  {
    name: 'the backend resets',
    routes,
    backends: { backend: { onEnd: { send: [SWITCHING, 'bye', { waitMs: 50 }], after: 'reset' } } },
    talk: [...upgrade('/ws'), { receive: 3 }, { closed: true }],
  },
  {
    oneHangs: true,
    name: 'data right after the request',
    routes,
    backends,
    talk: [...raw(`${HEAD}early`, 'GET'), { receive: 5 }],
  },
  {
    name: 'X-Forwarded that is there',
    routes,
    backends,
    talk: upgrade('/ws', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 443'),
  },
  {
    name: 'cookies, Origin and protocols',
    routes,
    backends,
    talk: upgrade(
      '/ws',
      'Cookie: a=1',
      'Origin: https://hub.example',
      'Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org',
      'Sec-WebSocket-Extensions: permessage-deflate',
    ),
  },
  {
    name: 'headers of the answer',
    routes,
    backends: {
      backend: {
        onEnd: {
          send: [
            SWITCHING.replace(
              '\r\n\r\n',
              '\r\nSec-WebSocket-Protocol: v1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Own: 1\r\nServer: Tornado\r\n\r\n',
            ),
          ],
          after: 'echo',
        },
      },
    },
    talk: upgrade('/ws'),
  },
  {
    name: 'a reason of its own',
    routes,
    backends: { backend: { onEnd: { send: [SWITCHING.replace('Switching Protocols', 'Web Socket')], after: 'echo' } } },
    talk: upgrade('/ws'),
  },
  {
    name: 'Upgrade in another case',
    routes,
    backends,
    talk: ask(
      'GET /ws',
      'Upgrade: WebSocket',
      'Connection: keep-alive, upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: x',
    ),
  },
  {
    oneHangs: true,
    name: 'Upgrade without Connection',
    routes,
    backends,
    talk: ask('GET /ws', 'Upgrade: websocket'),
  },
  { oneHangs: true, name: 'with a body', routes, backends, talk: askWith('GET /ws', 'a body', ...UPGRADE) },
  { name: 'by POST', routes, backends, talk: askWith('POST /ws', 'a body', ...UPGRADE) },
  {
    name: 'HTTP/1.0',
    routes,
    backends,
    talk: raw(HEAD.replace('HTTP/1.1', 'HTTP/1.0'), 'GET'),
  },
  {
    name: 'after another request',
    routes: { ...routes, '/r': '{other}' },
    backends,
    talk: [...ask('GET /r'), ...upgrade('/ws')],
  },
  { name: 'to the root', routes: { '/': '{backend}' }, backends, talk: upgrade('/') },
  {
    name: 'to a unix socket',
    routes: { '/ws': '{unix}' },
    backends: { unix: backends.backend },
    talk: upgrade('/ws'),
  },
  { oneHangs: true, name: 'to the health check', routes, talk: upgrade('/_chp_healthz') },
  { name: 'a target with a path', routes: { '/ws': '{backend}/base' }, backends, talk: upgrade('/ws/x?y') },
  refused('refused with a body', 'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno'),
  refused('refused in chunks', 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n'),
  refused('redirected', 'HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n'),
  refused('answered with 200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  refused(
    'answered with 426',
    'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\nContent-Length: 0\r\n\r\n',
  ),
  refused('redirected with a body', 'HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 4\r\n\r\nbody'),
  refused(
    'answered with 426 and Upgrade',
    'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nold',
  ),
  refused('opened with a length', SWITCHING.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\n')),
  refused('opened in chunks', SWITCHING.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n')),
  refused('opened with a length of 0', SWITCHING.replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n')),
  refused('the backend is gone before its answer', '', 'close'),
  refused('the backend resets before its answer', '', 'reset'),
]
