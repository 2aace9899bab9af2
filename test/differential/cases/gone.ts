import type { Behaviour, Case } from '../case.js'
import { ask } from '../requests.js'

const routes = { '/r': '{backend}', '/': '{other}' }
const HOST = 'Host: hub.example\r\n'

function answered(name: string, bytes: string, after?: 'close' | 'reset'): Case {
  const backend: Behaviour = { onEnd: { send: [bytes], ...(after && { after }) } }
  return { name, routes, backends: { backend }, talk: ask('GET /r') }
}

/** Clients that are gone before the end. */
export const CLIENT_GONE: readonly Case[] = [
  {
    name: 'the client is gone in the middle of its body',
    routes,
    talk: [
      { send: [`POST /r HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\nabc`] },
      { backendHas: 3 },
      { leave: 'whole' },
    ],
  },
  {
    name: 'the client is gone in the middle of its chunks',
    routes,
    talk: [
      { send: [`POST /r HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`] },
      { backendHas: 3 },
      { leave: 'whole' },
    ],
  },
  {
    name: 'the client ends its side in the middle of its body',
    routes,
    talk: [
      { send: [`POST /r HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\nabc`] },
      { backendHas: 3 },
      { leave: 'half' },
      { closed: true },
    ],
  },
  {
    name: 'the client ends its side after the request',
    routes,
    talk: [{ send: [`GET /r HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`] }, { leave: 'half' }, { answer: 'GET' }],
  },
  {
    name: 'the client is gone while a long answer comes',
    routes,
    backends: {
      backend: { onEnd: { send: ['HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n', { bytes: 99_999_999 }] } },
    },
    talk: [{ send: [`GET /r HTTP/1.1\r\n${HOST}\r\n`] }, { receive: 12 }, { leave: 'whole' }],
  },
]

/** Backends that are gone before the end, or don't speak HTTP. */
export const BACKEND_FAULTS: readonly Case[] = [
  {
    oneHangs: true,
    ...answered('gone in the middle of its body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'close'),
  },
  {
    oneHangs: true,
    ...answered(
      'gone in the middle of its chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
      'close',
    ),
  },
  {
    oneHangs: true,
    ...answered('reset in the middle of its body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'reset'),
  },
  answered('gone without an answer', '', 'close'),
  answered('reset without an answer', '', 'reset'),
  answered('gone in the middle of its head', 'HTTP/1.1 200 OK\r\nContent-', 'close'),
  answered('nonsense', 'hello\r\n\r\n', 'close'),
  answered(
    'both lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ),
  answered('two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd', 'close'),
  answered('a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nabc', 'close'),
  answered('more than it said', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n', 'close'),
  answered('a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n', 'close'),
  answered('lines that end with LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nab', 'close'),
  answered('HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nab', 'close'),
  {
    name: 'the backend is gone while the body comes',
    routes,
    backends: { backend: { onHead: { after: 'reset' } } },
    talk: [{ send: [`POST /r HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\nabc`] }, { answer: 'POST' }],
  },
]
