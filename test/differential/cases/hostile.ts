import type { Case } from '../case.js'
import { ask, raw } from '../requests.js'

const routes = { '/r': '{backend}', '/': '{other}' }
const HOST = 'Host: hub.example\r\n'
/** What an attacker wants to be taken for a second request. */
const SMUGGLED = `GET /r/smuggled HTTP/1.1\r\n${HOST}\r\n`

function framing(name: string, headers: string, body: string): Case {
  return {
    name,
    routes,
    talk: raw(`POST /r HTTP/1.1\r\n${HOST}${headers}\r\n\r\n${body}`, 'POST'),
  }
}

/** Requests that two servers may take for different ones. */
export const SMUGGLING: readonly Case[] = [
  framing('both lengths', 'Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${SMUGGLED}`),
  framing(
    'both lengths, the other way round',
    `Transfer-Encoding: chunked\r\nContent-Length: 4`,
    `5\r\nabcde\r\n0\r\n\r\n`,
  ),
  framing('two lengths that differ', 'Content-Length: 2\r\nContent-Length: 3', 'abc'),
  framing('two lengths that are equal', 'Content-Length: 2\r\nContent-Length: 2', 'ab'),
  framing('a list of lengths', 'Content-Length: 2, 2', 'ab'),
  framing('a length with a sign', 'Content-Length: +2', 'ab'),
  framing('a negative length', 'Content-Length: -1', ''),
  framing('a length in hexadecimal', 'Content-Length: 0x2', 'ab'),
  framing('a length with a letter', 'Content-Length: 2a', 'ab'),
  framing('an empty length', 'Content-Length:', ''),
  framing('a length beyond 64 bits', 'Content-Length: 99999999999999999999999', 'ab'),
  framing('a length with a blank inside', 'Content-Length: 1 2', 'ab'),
  framing('a coding that only resembles chunked', 'Transfer-Encoding: xchunked', '0\r\n\r\n'),
  framing('identity', 'Transfer-Encoding: identity\r\nContent-Length: 2', 'ab'),
  framing('chunked, then identity', 'Transfer-Encoding: chunked, identity', '0\r\n\r\n'),
  framing('chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  framing('gzip, then chunked', 'Transfer-Encoding: gzip, chunked', '0\r\n\r\n'),
  framing('chunked in upper case', 'Transfer-Encoding: CHUNKED', '0\r\n\r\n'),
  framing('chunked after a blank', 'Transfer-Encoding: \tchunked', '0\r\n\r\n'),
  framing('chunked in quotes', 'Transfer-Encoding: "chunked"', '0\r\n\r\n'),
  framing('a blank before the colon', 'Transfer-Encoding : chunked', '0\r\n\r\n'),
  framing('a folded coding', 'Transfer-Encoding:\r\n chunked', '0\r\n\r\n'),
  framing('a vertical tab in the coding', 'Transfer-Encoding: \x0bchunked', '0\r\n\r\n'),
  framing('an underscore in the name', 'Transfer_Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n'),
  framing('a chunk size that overflows', 'Transfer-Encoding: chunked', 'fffffffffffffffff\r\nab\r\n0\r\n\r\n'),
  framing('a chunk size with a sign', 'Transfer-Encoding: chunked', '+2\r\nab\r\n0\r\n\r\n'),
  framing('a chunk size with 0x', 'Transfer-Encoding: chunked', '0x2\r\nab\r\n0\r\n\r\n'),
  framing('a chunk longer than it says', 'Transfer-Encoding: chunked', '1\r\nab\r\n0\r\n\r\n'),
  framing('a chunk that ends with LF', 'Transfer-Encoding: chunked', '2\nab\n0\n\n'),
  framing('a chunk extension that ends with LF', 'Transfer-Encoding: chunked', '2;\nxx\r\nab\r\n0\r\n\r\n'),
  framing('a chunk extension of 64 KiB', 'Transfer-Encoding: chunked', `2;${'x'.repeat(65536)}\r\nab\r\n0\r\n\r\n`),
  framing('a trailer that is a length', 'Transfer-Encoding: chunked', '2\r\nab\r\n0\r\nContent-Length: 50\r\n\r\n'),
  framing('a body that is a request', `Content-Length: ${SMUGGLED.length}`, SMUGGLED),
  {
    name: 'a GET with a length and a request',
    routes,
    talk: raw(`GET /r HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`, 'GET'),
  },
]

/** Request lines and paths that no client of good will sends. */
export const ODD_REQUESTS: readonly Case[] = [
  { name: 'lines that end with LF', routes, talk: raw('GET /r HTTP/1.1\nHost: hub.example\n\n', 'GET') },
  {
    oneHangs: true,
    name: 'lines that end with CR',
    routes,
    talk: raw('GET /r HTTP/1.1\rHost: hub.example\r\r', 'GET'),
  },
  { name: 'a blank first', routes, talk: raw(` GET /r HTTP/1.1\r\n${HOST}\r\n`, 'GET') },
  {
    name: 'a header line that begins with a blank',
    routes,
    talk: raw(`GET /r HTTP/1.1\r\n X: 1\r\n${HOST}\r\n`, 'GET'),
  },
  { name: 'two blanks in the request line', routes, talk: raw(`GET  /r  HTTP/1.1\r\n${HOST}\r\n`, 'GET') },
  { name: 'a blank in the path', routes, talk: raw(`GET /r/a b HTTP/1.1\r\n${HOST}\r\n`, 'GET') },
  { name: 'a tab in the path', routes, talk: raw(`GET /r/a\tb HTTP/1.1\r\n${HOST}\r\n`, 'GET') },
  { name: 'a NUL in the path', routes, talk: raw(`GET /r/a\0b HTTP/1.1\r\n${HOST}\r\n`, 'GET') },
  { name: 'an escaped NUL in the path', routes, talk: ask('GET /r/a%00b') },
  { name: 'an escaped CRLF in the path', routes, talk: ask('GET /r/a%0d%0aX-Injected:%201') },
  { name: 'bytes above 127 in the path', routes, talk: ask('GET /r/J\xfcrgen') },
  { name: 'a path without a slash', routes, talk: ask('GET r') },
  { name: 'an empty path', routes, talk: raw(`GET  HTTP/1.1\r\n${HOST}\r\n`, 'GET') },
  { name: 'a path that is a query', routes, talk: ask('GET ?x') },
  { name: 'dots escaped twice', routes, talk: ask('GET /s/%252e%252e/r') },
  { name: 'an escaped backslash', routes, talk: ask('GET /s/..%5c..%5cr') },
  { name: 'a path that names another host', routes, talk: ask('GET //evil.example/r') },
  { name: 'a path with user and host', routes, talk: ask('GET /@evil.example/r') },
  { name: 'overlong UTF-8 for a slash', routes, talk: ask('GET /r%c0%af..%c0%afx') },
]

/** Other protocols and versions. */
export const VERSIONS: readonly Case[] = [
  { name: 'HTTP/1.0 with Host', routes, talk: raw(`GET /r HTTP/1.0\r\n${HOST}\r\n`, 'GET') },
  { name: 'HTTP/1.0 without Host', routes, talk: raw('GET /r HTTP/1.0\r\n\r\n', 'GET') },
  {
    name: 'HTTP/1.0 that wants to be kept',
    routes,
    talk: raw(`GET /r HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`, 'GET'),
  },
  { name: 'HTTP/1.0 with a body', routes, talk: raw(`POST /r HTTP/1.0\r\n${HOST}Content-Length: 2\r\n\r\nab`, 'POST') },
  {
    name: 'HTTP/1.0 and an answer in chunks',
    routes,
    backends: {
      backend: { onEnd: { send: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'] } },
    },
    talk: raw(`GET /r HTTP/1.0\r\n${HOST}\r\n`, 'GET'),
  },
  {
    name: 'HTTP/1.0 to a target that is dead',
    routes: { '/r': '{dead}' },
    talk: raw(`GET /r HTTP/1.0\r\n${HOST}\r\n`, 'GET'),
  },
  { oneHangs: true, name: 'HTTP/0.9', routes, talk: raw('GET /r\r\n', 'GET') },
  { name: 'HTTP/1.2', routes, talk: raw(`GET /r HTTP/1.2\r\n${HOST}\r\n`, 'GET') },
  { name: 'HTTP/2.0 in a request line', routes, talk: raw(`GET /r HTTP/2.0\r\n${HOST}\r\n`, 'GET') },
  { oneHangs: true, name: 'HTTP/2 without an upgrade', routes, talk: raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'GET') },
  { name: 'a version in lower case', routes, talk: raw(`GET /r http/1.1\r\n${HOST}\r\n`, 'GET') },
  { name: 'a TLS hello', routes, talk: raw('\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', 'GET') },
  { name: 'nonsense', routes, talk: raw('hello\r\n\r\n', 'GET') },
  { name: 'an end at once', routes, talk: [{ leave: 'half' }, { closed: true }] },
  { name: 'an end within the head', routes, talk: [{ send: ['GET /r HT'] }, { leave: 'half' }, { closed: true }] },
]
