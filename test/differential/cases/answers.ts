import type { Behaviour, Case } from '../case.js'
import { ask } from '../requests.js'

const routes = { '/r': '{backend}' }
const GIB = 1024 * 1024 * 1024
const HOST = 'Host: hub.example\r\n'
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** An answer of exactly these bytes, and what happens to the connection. */
function answer(bytes: string, after?: 'close' | 'reset'): { backend: Behaviour } {
  return { backend: { onEnd: { send: [bytes], ...(after && { after }) } } }
}

/** Answers of a backend. */
export const RESPONSE_BODIES: readonly Case[] = [
  {
    name: 'an answer with its length',
    routes,
    backends: answer('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'),
    talk: ask('GET /r'),
  },
  {
    name: 'an answer in chunks',
    routes,
    backends: answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n'),
    talk: ask('GET /r'),
  },
  {
    name: 'a 204 that says it has a body',
    routes,
    backends: answer('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'),
    talk: ask('GET /r'),
  },
  {
    name: 'an answer with trailers',
    routes,
    backends: answer(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n',
    ),
    talk: ask('GET /r', 'TE: trailers'),
  },
  {
    name: 'an answer that ends with its connection',
    routes,
    backends: answer('HTTP/1.1 200 OK\r\n\r\nabc', 'close'),
    talk: ask('GET /r'),
  },
  {
    name: 'an answer of HTTP/1.0',
    routes,
    backends: answer('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nabc', 'close'),
    talk: ask('GET /r'),
  },
  {
    name: 'an answer of HTTP/1.0 with its length',
    routes,
    backends: answer('HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc', 'close'),
    talk: ask('GET /r'),
  },
  { name: 'a 204', routes, backends: answer('HTTP/1.1 204 No Content\r\n\r\n'), talk: ask('DELETE /r') },
  {
    name: 'a 204 with a length',
    routes,
    backends: answer('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n'),
    talk: ask('DELETE /r'),
  },
  {
    name: 'a 205',
    routes,
    backends: answer('HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'),
    talk: ask('GET /r'),
  },
  {
    name: 'a 304 with a length',
    routes,
    backends: answer('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 5\r\n\r\n'),
    talk: ask('GET /r'),
  },
  {
    name: 'a 304 without a length',
    routes,
    backends: answer('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'),
    talk: ask('GET /r'),
  },
  {
    name: 'a HEAD with a length',
    routes,
    backends: answer('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'),
    talk: ask('HEAD /r'),
  },
  {
    name: 'a HEAD in chunks',
    routes,
    backends: answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
    talk: ask('HEAD /r'),
  },
  {
    name: 'a HEAD without a length',
    routes,
    backends: answer('HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n'),
    talk: ask('HEAD /r'),
  },
  {
    name: 'early hints',
    routes,
    backends: answer('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    talk: ask('GET /r'),
  },
  {
    name: 'a 102',
    routes,
    backends: answer('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    talk: ask('GET /r'),
  },
  {
    name: 'a 100 that nobody asked for',
    routes,
    backends: answer(`${CONTINUE}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`),
    talk: ask('GET /r'),
  },
  {
    oneHangs: true,
    name: 'a 101 that nobody asked for',
    routes,
    backends: answer('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    talk: ask('GET /r'),
  },
  {
    name: 'an answer in pieces',
    routes,
    backends: {
      backend: {
        onEnd: { send: ['HTTP/1.1 200 OK\r\nContent-Le', { waitMs: 20 }, 'ngth: 4\r\n\r\nab', { waitMs: 20 }, 'cd'] },
      },
    },
    talk: ask('GET /r'),
  },
  {
    name: 'an answer before the request has ended',
    routes,
    backends: {
      backend: {
        onHead: { send: ['HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'], after: 'close' },
      },
    },
    talk: [{ send: [`POST /r HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\nab`] }, { answer: 'POST' }],
  },
  {
    name: '1 GiB to the client',
    routes,
    limitMs: 60_000,
    backends: {
      backend: {
        onEnd: {
          send: [
            `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${GIB.toString(16)}\r\n`,
            { bytes: GIB },
            '\r\n0\r\n\r\n',
          ],
        },
      },
    },
    talk: ask('GET /r'),
  },
]
