import type { Behaviour, Case } from '../case.js'
import { ask, upgrade } from '../requests.js'

const routes = { '/r': '{backend}' }
const PROXY_TIMEOUT = { options: ['--proxy-timeout', '400', '--keep-alive-timeout', '400'] }
const TIMEOUT = { options: ['--timeout', '400'] }
const HEAD_OF_SIX = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n'
/** Longer than the timeout in all, and far from it each. */
const PIECES_OF_SIX = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((piece) => [{ waitMs: 100 }, piece])
const SILENT: Behaviour = { onEnd: {} }

/** Who waits how long for whom. */
export const TIMEOUTS: readonly Case[] = [
  {
    name: '--proxy-timeout: a backend that is silent',
    setup: PROXY_TIMEOUT,
    routes,
    backends: { backend: SILENT },
    talk: ask('GET /r'),
  },
  {
    name: '--proxy-timeout: a backend that stops in its body',
    setup: PROXY_TIMEOUT,
    routes,
    backends: { backend: { onEnd: { send: ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'] } } },
    talk: ask('GET /r'),
  },
  {
    name: '--proxy-timeout: a backend that is slow but steady',
    setup: PROXY_TIMEOUT,
    routes,
    backends: {
      backend: {
        onEnd: {
          send: [HEAD_OF_SIX, ...PIECES_OF_SIX],
        },
      },
    },
    talk: ask('GET /r'),
  },
  {
    limitMs: 2_000,
    name: '--proxy-timeout: a websocket that is not answered',
    setup: PROXY_TIMEOUT,
    routes,
    backends: { backend: SILENT },
    talk: upgrade('/r'),
  },
  {
    name: '--timeout: a backend that is silent',
    setup: TIMEOUT,
    routes,
    backends: { backend: SILENT },
    talk: ask('GET /r'),
  },
  {
    name: '--timeout: a client that stops in its body',
    setup: TIMEOUT,
    routes,
    talk: [{ send: ['POST /r HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc'] }, { answer: 'POST' }],
  },
  {
    name: '--timeout: a connection that is idle after an answer',
    setup: TIMEOUT,
    routes,
    talk: [...ask('GET /r'), { closed: true }],
  },
  {
    name: '--keep-alive-timeout: a connection that is idle',
    setup: PROXY_TIMEOUT,
    routes,
    talk: [...ask('GET /r'), { closed: true }],
  },
  {
    name: '--keep-alive-timeout: an error page',
    setup: PROXY_TIMEOUT,
    talk: [...ask('GET /nothing'), { closed: true }],
  },
  {
    name: 'no timeout: a backend that takes 1.5 s',
    routes,
    backends: { backend: { onEnd: { send: [{ waitMs: 1500 }, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'] } } },
    talk: ask('GET /r'),
  },
  {
    oneHangs: true,
    name: 'no timeout: a connection that is idle for 6.5 s',
    routes,
    talk: [...ask('GET /r'), { closed: true }],
  },
]
