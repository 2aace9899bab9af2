import type { Behaviour, Case, Setup, Step } from '../case.js'
import { ask, askWith, raw, upgrade } from '../requests.js'

const routes = { '/dead': '{dead}' }
const TARGET = { options: ['--error-target', '{error}'] }
const TARGET_UNIX = { options: ['--error-target', '{unix}/pages/'] }
const TARGET_DEAD = { options: ['--error-target', '{dead}'] }
const TARGET_TLS = { options: ['--error-target', '{untrusted}'] }
const FILES = {
  options: ['--error-path', '{dir}/errors'],
  files: { 'errors/404.html': '<h1>Nothing</h1>', 'errors/error.html': '<h1>Wrong</h1>' },
}
const ONE_FILE = { options: ['--error-path', '{dir}/one'], files: { 'one/404.html': '<h1>Nothing</h1>' } }

function page(setup: Setup, name: string, talk: readonly Step[], error: Behaviour = {}): Case {
  return {
    name: `${setup.options?.join(' ') ?? 'default pages'}: ${name}`,
    setup,
    routes,
    talk,
    backends: { error },
  }
}

function custom(...lines: string[]): Behaviour {
  return { onEnd: { send: [lines.join('\r\n')] } }
}

const DEFAULT: Setup = {}

/** What the proxy itself says when it has no answer of a backend. */
export const ERROR_PAGES: readonly Case[] = [
  page(DEFAULT, 'no route', ask('GET /nothing?x=1')),
  page(DEFAULT, 'a dead target', ask('GET /dead/x?y')),
  page(DEFAULT, 'no route, by HEAD', ask('HEAD /nothing')),
  page(DEFAULT, 'a dead target, by HEAD', ask('HEAD /dead')),
  page(DEFAULT, 'no route, by POST', askWith('POST /nothing', 'a body')),
  page(DEFAULT, 'a dead target, by POST', askWith('POST /dead', 'a body')),
  page(DEFAULT, 'no route, by OPTIONS', ask('OPTIONS /nothing')),
  page(DEFAULT, 'no route, Connection: close', ask('GET /nothing', 'Connection: close')),
  page(DEFAULT, 'no route, HTTP/1.0', raw('GET /nothing HTTP/1.0\r\n\r\n', 'GET')),
  page(DEFAULT, 'two errors on one connection', [...ask('GET /nothing'), ...ask('GET /dead')]),
  { oneHangs: true, ...page(DEFAULT, 'a websocket without a route', upgrade('/nothing')) },
  page(DEFAULT, 'a websocket to a dead target', upgrade('/dead')),
  {
    name: 'default pages: a socket that is not there',
    routes: { '/r': 'http+unix://{dirEscaped}%2Fmissing.sock' },
    talk: ask('GET /r'),
  },
  {
    name: 'default pages: a name that does not resolve',
    routes: { '/r': 'http://nowhere.invalid:1' },
    talk: ask('GET /r'),
  },
  {
    name: 'default pages: http to a server of https',
    routes: { '/r': 'http://127.0.0.1:{securePort}' },
    talk: ask('GET /r'),
  },
  page(FILES, 'no route', ask('GET /nothing')),
  page(FILES, 'a dead target', ask('GET /dead')),
  page(FILES, 'no route, by HEAD', ask('HEAD /nothing')),
  { oneHangs: true, ...page(FILES, 'a websocket without a route', upgrade('/nothing')) },
  page(ONE_FILE, 'a dead target', ask('GET /dead')),
  page(TARGET, 'no route', ask('GET /nothing/x?y=1&z=%20')),
  page(TARGET, 'no route, odd signs', ask("GET /a%2Fb/ä+!*'()~?c=%ff".replace('ä', '%C3%A4'))),
  page(TARGET, 'a dead target', ask('GET /dead/x?y')),
  page(TARGET, 'no route, by HEAD', ask('HEAD /nothing')),
  page(TARGET, 'a dead target, by POST', askWith('POST /dead', 'a body', 'Cookie: secret', 'X-Custom: 1')),
  page(
    TARGET,
    'a page with headers',
    ask('GET /nothing'),
    custom(
      'HTTP/1.1 200 OK',
      'Content-Type: text/html; charset=utf-8',
      'Content-Encoding: gzip',
      'X-Custom: 1',
      'Set-Cookie: a=1',
      'Content-Length: 4',
      '',
      'page',
    ),
  ),
  page(
    TARGET,
    'a page in chunks',
    ask('GET /nothing'),
    custom('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '4', 'page', '0', '', ''),
  ),
  page(
    TARGET,
    'a page with another status',
    ask('GET /dead'),
    custom('HTTP/1.1 500 Broken', 'Content-Type: text/plain', 'Content-Length: 4', '', 'page'),
  ),
  page(
    TARGET,
    'a page that redirects',
    ask('GET /dead'),
    custom('HTTP/1.1 302 Found', 'Location: /x', 'Content-Length: 0', '', ''),
  ),
  page(TARGET, 'a page that is empty', ask('GET /dead'), custom('HTTP/1.1 204 No Content', '', '')),
  page(
    TARGET,
    'a page of 300 KB',
    ask('GET /nothing'),
    custom('HTTP/1.1 200 OK', 'Content-Length: 300000', '', 'x'.repeat(300_000)),
  ),
  page(TARGET, 'a page whose server is gone', ask('GET /nothing'), { onEnd: { after: 'reset' } }),
  page(TARGET, 'a page whose server is gone in the middle', ask('GET /nothing'), {
    onEnd: { send: ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'], after: 'close' },
  }),
  { oneHangs: true, ...page(TARGET, 'a websocket without a route', upgrade('/nothing')) },
  page(TARGET, 'a websocket to a dead target', upgrade('/dead')),
  {
    ...page(TARGET, "a backend's own errors", ask('GET /r')),
    routes: { '/r': '{backend}' },
    backends: { backend: custom('HTTP/1.1 503 Mine', 'Content-Length: 4', '', 'mine') },
  },
  page(TARGET, 'no route, the absolute form', ask('GET http://other.example/nothing?x')),
  page(DEFAULT, 'no route, gRPC', ask('POST /nothing', 'Content-Type: application/grpc', 'Content-Length: 0')),
  page(TARGET_UNIX, 'no route', ask('GET /nothing?x')),
  page(TARGET_DEAD, 'no route', ask('GET /nothing')),
  page(TARGET_DEAD, 'a dead target', ask('GET /dead')),
  page(TARGET_TLS, 'no route', ask('GET /nothing')),
]
