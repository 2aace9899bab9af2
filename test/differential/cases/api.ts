import type { Case, Step } from '../case.js'
import { api, ask, askWith, at } from '../requests.js'

const TARGET = '{"target":"http://127.0.0.1:1"}'

/** Calls one after another, then the whole table. */
function calls(name: string, ...talk: readonly (readonly Step[])[]): Case {
  return { name, talk: [...talk.flat(), ...api('GET /api/routes')] }
}

/** A call without the token, or with what is given in its place. */
function unauthorized(name: string, requestLine: string, body: string, ...headers: string[]): Case {
  const talk: Step[] = [
    { connect: 'api' },
    ...(body === '' ? ask(requestLine, ...headers) : askWith(requestLine, body, ...headers)),
  ]
  return { name, talk: [...talk, ...api('GET /api/routes')], routes: { '/kept': 'http://127.0.0.1:1' } }
}

const AT_API = (requestLine: string, ...headers: string[]) =>
  at('api', requestLine, 'Authorization: token {token}', ...headers)

/** The REST API. */
export const API: readonly Case[] = [
  calls('an empty table'),
  calls('the table with a slash', api('GET /api/routes/')),
  calls('a route is added', api('POST /api/routes/user/ann', TARGET)),
  calls(
    'a route is added twice',
    api('POST /api/routes/r', '{"target":"http://127.0.0.1:1","old":1}'),
    api('POST /api/routes/r/', '{"target":"http://127.0.0.1:2","new":2}'),
  ),
  calls(
    'fields are kept',
    api(
      'POST /api/routes/r',
      '{"user":"ann","target":"http://127.0.0.1:1/x/","jupyterhub":true,"deep":{"a":[1,null]},"秀":"樹"}'.replace(
        '秀":"樹',
        'u":"v',
      ),
    ),
  ),
  calls(
    "last_activity is not the client's",
    api('POST /api/routes/r', '{"target":"http://127.0.0.1:1","last_activity":"2000-01-01T00:00:00.000Z"}'),
  ),
  calls('a host field outside host routing', api('POST /api/routes/r', '{"target":"http://127.0.0.1:1","host":"x"}')),
  calls('the root is added', api('POST /api/routes/', TARGET)),
  calls('the root is added without a slash', api('POST /api/routes', TARGET)),
  calls('one route', api('POST /api/routes/r', TARGET), api('GET /api/routes/r'), api('GET /api/routes/r/')),
  calls('a route that is not there', api('GET /api/routes/none'), api('GET /api/routes/r/none')),
  calls('a route is deleted', api('POST /api/routes/r', TARGET), api('DELETE /api/routes/r'), api('GET /api/routes/r')),
  calls('a route is deleted with a slash', api('POST /api/routes/r', TARGET), api('DELETE /api/routes/r/')),
  calls('a route that is not there is deleted', api('DELETE /api/routes/none')),
  calls('the root is deleted', api('POST /api/routes/', TARGET), api('DELETE /api/routes/')),
  {
    ...calls('the root is deleted without a slash', api('POST /api/routes/', TARGET), api('DELETE /api/routes')),
    oneHangs: true,
  },
  calls('a DELETE with a body', api('POST /api/routes/r', TARGET), api('DELETE /api/routes/r', '{}')),
  calls(
    'escaped names',
    ...['a%40b', 'a@b', 'a%20b', '%E7%A7%80', 'a+b', "a'b", 'a%2Fb', 'a%25b', 'a%3Fb', '__proto__', 'constructor'].map(
      (name) => api(`POST /api/routes/n/${name}`, TARGET),
    ),
  ),
  { ...calls('a malformed escape', api('POST /api/routes/%', TARGET)), oneHangs: true },
  { ...calls('an escape that is no UTF-8', api('POST /api/routes/%FF', TARGET)), oneHangs: true },
  calls('slashes in a row', api('POST /api/routes//r//s', TARGET)),
  calls('two slashes at the end', api('POST /api/routes/r//', TARGET)),
  calls('dot segments', api('POST /api/routes/a/../b/./c', TARGET)),
  calls('dot segments that lead out', api('GET /api/routes/../x')),
  calls('dot segments in a target', api('POST /api/routes/r', '{"target":"http://127.0.0.1:1/a/../b"}')),
  calls('a control character', api('POST /api/routes/a%0Ab', TARGET)),
  calls('a control character in a target', api('POST /api/routes/r', '{"target":"http://127.0.0.1:1/\\n"}')),
  calls('a query on a POST', api('POST /api/routes/r?x=/y', TARGET)),
  calls('a body that is no JSON', api('POST /api/routes/r', 'not json')),
  calls('a body that is cut', api('POST /api/routes/r', '{"target":')),
  calls('no body', AT_API('POST /api/routes/r', 'Content-Length: 0')),
  calls('a body without a target', api('POST /api/routes/r', '{}')),
  ...['null', '[]', '0', '"x"', 'true'].map((body) => calls(`a body that is ${body}`, api('POST /api/routes/r', body))),
  ...['1', 'null', '{}', '["http://x"]', 'true'].map((target) =>
    calls(`a target that is ${target}`, api('POST /api/routes/r', `{"target":${target}}`)),
  ),
  ...['', 'x', '127.0.0.1:1', 'ftp://127.0.0.1', 'http://', 'javascript:1'].map((target) =>
    calls(`a target that is "${target}"`, api('POST /api/routes/r', `{"target":"${target}"}`)),
  ),
  calls('a body of 900 KB', api('POST /api/routes/r', `{"target":"http://127.0.0.1:1","x":"${'x'.repeat(900_000)}"}`)),
  calls('a body of 2 MB', api('POST /api/routes/r', `{"target":"http://127.0.0.1:1","x":"${'x'.repeat(2_000_000)}"}`)),
  calls('a routespec of 5,000 bytes', api(`POST /api/routes/${'x'.repeat(5000)}`, TARGET)),
  calls('a routespec of 100 segments', api(`POST /api/routes${'/x'.repeat(100)}`, TARGET)),
  calls('a body in chunks', [
    { connect: 'api' },
    {
      send: [
        `POST /api/routes/r HTTP/1.1\r\nHost: x\r\nAuthorization: token {token}\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n${TARGET}\r\n0\r\n\r\n`,
      ],
    },
    { answer: 'POST' },
  ]),
  calls('Content-Type: text/plain', [
    { connect: 'api' },
    ...askWith('POST /api/routes/r', TARGET, 'Authorization: token {token}', 'Content-Type: text/plain'),
  ]),
  calls('Content-Type: application/json', [
    { connect: 'api' },
    ...askWith('POST /api/routes/r', TARGET, 'Authorization: token {token}', 'Content-Type: application/json'),
  ]),
  calls('two calls on one connection', [
    ...AT_API('GET /api/routes/none'),
    ...ask('GET /api/routes', 'Authorization: token {token}'),
  ]),
  ...['PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'].map((method) =>
    calls(method, AT_API(`${method} /api/routes/r`)),
  ),
  ...[
    '/',
    '/api',
    '/api/',
    '/api/routesx',
    '/api/other',
    '/metrics',
    '/_chp_healthz',
    '/API/ROUTES',
    '/livez',
    '/readyz',
    '/api/explain',
  ].map((path) => calls(`the path ${path}`, AT_API(`GET ${path}`))),
  unauthorized('no token', 'GET /api/routes', ''),
  unauthorized('no token, one route', 'GET /api/routes/kept', ''),
  unauthorized('no token, POST', 'POST /api/routes/x', TARGET),
  unauthorized('no token, a POST that is no JSON', 'POST /api/routes/x', 'not json'),
  unauthorized('no token, DELETE', 'DELETE /api/routes/kept', ''),
  unauthorized('no token, PUT', 'PUT /api/routes/kept', ''),
  unauthorized('no token, a path that is not there', 'GET /other', ''),
  unauthorized('a wrong token', 'GET /api/routes', '', 'Authorization: token wrong'),
  unauthorized('the token as Bearer', 'GET /api/routes', '', 'Authorization: Bearer {token}'),
  unauthorized('the token alone', 'GET /api/routes', '', 'Authorization: {token}'),
  unauthorized('the token after Token', 'GET /api/routes', '', 'Authorization: Token {token}'),
  unauthorized('the token after blanks', 'GET /api/routes', '', 'Authorization: token   {token}'),
  unauthorized('the token with more after it', 'GET /api/routes', '', 'Authorization: token {token} x'),
  unauthorized('the token with more before it', 'GET /api/routes', '', 'Authorization: x token {token}'),
  unauthorized('the token in the query', 'GET /api/routes?token={token}', ''),
  ...['inactiveSince', 'inactive_since'].flatMap((name) => [
    {
      ...calls(`${name} in the future`, api(`GET /api/routes?${name}=2100-01-01T00:00:00Z`)),
      routes: { '/r': 'http://127.0.0.1:1' },
    },
    {
      ...calls(`${name} in the past`, api(`GET /api/routes?${name}=2000-01-01T00:00:00Z`)),
      routes: { '/r': 'http://127.0.0.1:1' },
    },
    calls(`${name} that is no date`, api(`GET /api/routes?${name}=bad`)),
  ]),
  calls('inactiveSince that is empty', api('GET /api/routes?inactiveSince=')),
  calls('inactiveSince as a number', api('GET /api/routes?inactiveSince=0')),
  calls('inactiveSince with an offset', api('GET /api/routes?inactiveSince=2100-01-01T00:00:00%2B02:00')),
  calls('inactiveSince of one route', api('POST /api/routes/r', TARGET), api('GET /api/routes/r?inactiveSince=bad')),
  calls('an inactiveSince that is hostile', api("GET /api/routes?inactiveSince=%3Cscript%3E'%0d%0a")),
  calls('both names of inactiveSince', api('GET /api/routes?inactiveSince=2100-01-01&inactive_since=bad')),
]
