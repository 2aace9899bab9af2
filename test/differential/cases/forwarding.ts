import type { Behaviour, Case } from '../case.js'
import { ask, askWith, raw } from '../requests.js'

const routes = { '/r': '{backend}' }

/** Sends headers that need a look, each on a line of its own. */
function headers(name: string, ...lines: string[]): Case {
  return { name, routes, talk: ask('GET /r', ...lines) }
}

function answering(name: string, ...lines: string[]): Case {
  const backend: Behaviour = { onEnd: { send: [[...lines, '', ''].join('\r\n')] } }
  return { name, routes, backends: { backend }, talk: ask('GET /r') }
}

function many(count: number, size = 1): string[] {
  return Array.from({ length: count }, (_, index) => `X-Many-${index}: ${'v'.repeat(size)}`)
}

/** Headers that Envoy looks at, adds or removes in some setting of its own, none of them for the next hop. */
const KNOWN_TO_ENVOY = [
  ...[
    'Forwarded: for=192.0.2.1;proto=https',
    'Via: 1.0 a, 1.1 b',
    'X-Forwarded-Prefix: /x',
    'X-Forwarded-Scheme: https',
  ],
  ...['X-Original-Forwarded-For: 192.0.2.1', 'X-Ip-Tags: x', 'X-Client-Trace-Id: t', 'X-Ot-Span-Context: c'],
  ...['X-B3-TraceId: 1', 'Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'Tracestate: a=b'],
  ...['X-Amzn-Trace-Id: Root=1', 'Grpc-Timeout: 1S', 'Content-Type: application/grpc', 'Max-Forwards: 0'],
  ...['Proxy-Authorization: Basic x', 'Early-Data: 1', 'Priority: u=1', 'Capsule-Protocol: ?1', 'Scheme: https'],
  ...['HTTP2-Settings: AAA', 'X-Original-URL: /other', 'X-Rewrite-URL: /other', 'X-HTTP-Method-Override: PUT'],
  ...['Origin: null', 'Date: Mon, 01 Jan 2024 00:00:00 GMT', 'Server: me', 'User-Agent:', 'Content-Encoding: gzip'],
]

/** The same of answers. */
const KNOWN_OF_ANSWERS = [
  ...[
    'Server: Tornado',
    'Date: Mon, 01 Jan 2024 00:00:00 GMT',
    'Via: 1.1 x',
    'Alt-Svc: h3=":443"',
    'Referer: about:blank',
  ],
  ...['X-Envoy-Upstream-Service-Time: 5', 'X-Envoy-Immediate-Health-Check-Fail: x', 'X-Envoy-Overloaded: true'],
  ...[
    'X-Envoy-Degraded: x',
    'X-Envoy-Upstream-Canary: true',
    'X-Envoy-Attempt-Count: 1',
    'X-Envoy-Decorator-Operation: x',
  ],
  ...['X-Request-Id: 7', 'Proxy-Authenticate: Basic', 'WWW-Authenticate: Basic', 'Grpc-Status: 0', 'TE: trailers'],
  ...['Content-Encoding: identity', 'Strict-Transport-Security: max-age=1', 'Expect: 100-continue', 'Status: 200'],
  ...['X-Accel-Buffering: no', 'Capsule-Protocol: ?1', 'Sec-WebSocket-Accept: x', 'Content-Length: 0'],
]

/** Headers on their way to the backend. */
export const REQUEST_HEADERS: readonly Case[] = [
  headers('Host with a port', 'Host: hub.example:8443'),
  headers('Host that is an IPv6 address', 'Host: [::1]:8000'),
  headers('Host in upper case', 'Host: HUB.Example'),
  headers('two Hosts', 'Host: one.example', 'Host: two.example'),
  headers('a Host that is empty', 'Host:'),
  headers('a Host with a bad character', 'Host: a b'),
  headers('a Host with a path', 'Host: a/b'),
  { name: 'HTTP/1.1 without Host', routes, talk: raw('GET /r HTTP/1.1\r\n\r\n', 'GET') },
  headers('X-Forwarded-For that is there', 'X-Forwarded-For: 192.0.2.1, 192.0.2.2'),
  headers('X-Forwarded-Proto that is there', 'X-Forwarded-Proto: https'),
  headers('X-Forwarded-Port that is there', 'X-Forwarded-Port: 443'),
  headers('X-Forwarded-Host that is there', 'X-Forwarded-Host: outer.example'),
  headers('two X-Forwarded-For', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-For: 192.0.2.2'),
  headers('all X-Forwarded at once', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 443'),
  headers('X-Forwarded-Proto that is nonsense', 'X-Forwarded-Proto: gopher'),
  headers('X-Forwarded-Proto of a chain', 'X-Forwarded-Proto: https,http'),
  headers('X-Real-IP, Forwarded and Via', 'X-Real-IP: 192.0.2.1', 'Forwarded: for=192.0.2.1', 'Via: 1.1 outer'),
  headers('X-Scheme, as JupyterHub reads it', 'X-Scheme: https'),
  headers('X-Request-Id', 'X-Request-Id: 7'),
  headers(
    'headers that command Envoy',
    'X-Envoy-Upstream-Rq-Timeout-Ms: 1',
    'X-Envoy-Retry-On: 5xx',
    'X-Envoy-Max-Retries: 9',
  ),
  headers('headers that tell Envoy who asks', 'X-Envoy-Internal: true', 'X-Envoy-External-Address: 192.0.2.1'),
  headers('a header that tells Envoy another path', 'X-Envoy-Original-Path: /other', 'X-Envoy-Decorator-Operation: x'),
  headers('a client certificate that is only said', 'X-Forwarded-Client-Cert: Subject="CN=root"'),
  ...['http://my_hub:8000/hub/', 'about:blank', 'http://user@host/', '/relative', ''].map((referer) =>
    headers(`Referer: ${referer}`, `Referer: ${referer}`),
  ),
  headers('names that Envoy knows', ...KNOWN_TO_ENVOY),
  headers('an empty X-Forwarded-Host', 'X-Forwarded-Host:'),
  headers('several Cookie lines', 'Cookie: a=1', 'Cookie: b=2'),
  headers('a header twice', 'X-Twice: 1', 'X-Twice: 2'),
  headers('User-Agent twice', 'User-Agent: one', 'User-Agent: two'),
  headers(
    'Authorization and Origin',
    'Authorization: token x',
    'Origin: https://hub.example',
    'Referer: https://hub.example/',
  ),
  headers('an empty header', 'X-Empty:'),
  headers('blanks around a value', 'X-Blank: \t a  b \t '),
  headers('bytes above 127 in a value', 'X-Name: J\xfcrgen'),
  headers('an underscore in a name', 'X_Under: 1'),
  headers('a name of odd characters', "X!#$%&'*+-.^`|~: 1"),
  headers('a blank before the colon', 'X-Odd : 1'),
  headers('a line without a colon', 'nonsense'),
  headers('a name that is empty', ': 1'),
  headers('a folded value', 'X-Fold: a\r\n b'),
  headers('a NUL in a value', 'X-Nul: a\0b'),
  headers('a control character in a value', 'X-Control: a\x01b'),
  headers('a CR in a value', 'X-Cr: a\rb'),
  headers('Connection: close', 'Connection: close'),
  headers('Connection: keep-alive', 'Connection: keep-alive', 'Keep-Alive: timeout=9'),
  headers('Connection that names a header', 'Connection: X-Hop', 'X-Hop: 1'),
  headers('Connection that names X-Forwarded-For', 'Connection: close, X-Forwarded-For', 'X-Forwarded-For: 192.0.2.1'),
  headers(
    'Proxy-Connection and Proxy-Authorization',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eDp5',
  ),
  headers('TE and Trailer', 'TE: trailers', 'Trailer: X-Sum'),
  headers('TE with a coding', 'TE: gzip'),
  headers('Accept-Encoding', 'Accept-Encoding: gzip, br', 'Range: bytes=0-1', 'If-None-Match: "x"'),
  headers(
    'an upgrade to HTTP/2',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
  ),
  headers('an upgrade to something else', 'Connection: Upgrade', 'Upgrade: foo/1'),
  headers('Expect of something else', 'Expect: 200-ok'),
  headers('90 headers', ...many(90)),
  headers('150 headers', ...many(150)),
  headers('12 KiB of headers', ...many(12, 1024)),
  headers('30 KiB of headers', ...many(30, 1024)),
  headers('a header of 30 KiB', `X-Long: ${'v'.repeat(30 * 1024)}`),
  headers('60 KiB of headers', ...many(60, 1024)),
  headers('200 KiB of headers', ...many(200, 1024)),
  headers('3000 headers', ...many(3000)),
  {
    name: 'no X-Forwarded',
    setup: { options: ['--no-x-forward'] },
    routes,
    talk: ask('GET /r', 'X-Forwarded-For: 192.0.2.1'),
  },
  { name: 'a body and no X-Forwarded', setup: { options: ['--no-x-forward'] }, routes, talk: askWith('POST /r', 'x') },
]

/** Headers on their way to the client. */
export const RESPONSE_HEADERS: readonly Case[] = [
  answering('names that Envoy knows', 'HTTP/1.1 200 OK', ...KNOWN_OF_ANSWERS),
  answering('a reason of its own', 'HTTP/1.1 200 Sehr Gut', 'Content-Length: 0'),
  answering('no reason', 'HTTP/1.1 200 ', 'Content-Length: 0'),
  answering('a status that is not known', 'HTTP/1.1 299 Strange', 'Content-Length: 0'),
  answering('status 600', 'HTTP/1.1 600 Out', 'Content-Length: 0'),
  answering('status 999', 'HTTP/1.1 999 Out', 'Content-Length: 0'),
  answering('an error of its own', 'HTTP/1.1 503 Not Now', 'Retry-After: 3', 'Content-Length: 0'),
  answering('a 404 of its own', 'HTTP/1.1 404 Not Found', 'Content-Length: 0'),
  answering('a redirect', 'HTTP/1.1 302 Found', 'Location: {backend}/x', 'Content-Length: 0'),
  answering('cookies', 'HTTP/1.1 200 OK', 'Set-Cookie: a=1; Path=/', 'Set-Cookie: b=2', 'Content-Length: 0'),
  answering('a header of the answer twice', 'HTTP/1.1 200 OK', 'X-Twice: 1', 'X-Twice: 2', 'Content-Length: 0'),
  answering('a Vary twice', 'HTTP/1.1 200 OK', 'Vary: a', 'Vary: b', 'Content-Length: 0'),
  answering(
    'its own Date and Server',
    'HTTP/1.1 200 OK',
    'Date: Thu, 01 Jan 1970 00:00:00 GMT',
    'Server: Tornado',
    'Content-Length: 0',
  ),
  answering(
    'headers of the next hop',
    'HTTP/1.1 200 OK',
    'Keep-Alive: timeout=9',
    'Proxy-Connection: x',
    'Content-Length: 0',
  ),
  answering('Connection: close of the backend', 'HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 0'),
  answering(
    'an Upgrade that is only offered',
    'HTTP/1.1 200 OK',
    'Upgrade: h2',
    'Connection: Upgrade',
    'Content-Length: 0',
  ),
  answering(
    'headers of Envoy from the backend',
    'HTTP/1.1 200 OK',
    'X-Envoy-Upstream-Service-Time: 1',
    'X-Request-Id: 7',
    'Content-Length: 0',
  ),
  answering('Host and Origin in an answer', 'HTTP/1.1 200 OK', 'Host: x', 'Origin: y', 'Content-Length: 0'),
  answering('bytes above 127 in an answer', 'HTTP/1.1 200 OK', 'X-Name: J\xfcrgen', 'Content-Length: 0'),
  answering('an empty header in an answer', 'HTTP/1.1 200 OK', 'X-Empty:', 'Content-Length: 0'),
  answering('a folded value in an answer', 'HTTP/1.1 200 OK', 'X-Fold: a', ' b', 'Content-Length: 0'),
  answering('a bad header in an answer', 'HTTP/1.1 200 OK', 'X Bad: a', 'Content-Length: 0'),
  answering('150 headers in an answer', 'HTTP/1.1 200 OK', ...many(150), 'Content-Length: 0'),
  answering('12 KiB of headers in an answer', 'HTTP/1.1 200 OK', ...many(12, 1024), 'Content-Length: 0'),
  answering('30 KiB of headers in an answer', 'HTTP/1.1 200 OK', ...many(30, 1024), 'Content-Length: 0'),
  answering('100 KiB of headers in an answer', 'HTTP/1.1 200 OK', ...many(100, 1024), 'Content-Length: 0'),
]
