import type { Case, Step } from '../case.js'
import { ask, askWith, raw } from '../requests.js'

const routes = { '/r': '{backend}' }
const GIB = 1024 * 1024 * 1024
const HOST = 'Host: hub.example\r\n'

const CHUNKED = `Transfer-Encoding: chunked\r\n${HOST}`

function upload(framing: string, before: string, after: string): Step[] {
  return [
    { send: [`POST /r HTTP/1.1\r\n${HOST}${framing}\r\n\r\n${before}`, { bytes: GIB }, after] },
    { answer: 'POST' },
  ]
}

/** Methods and bodies on their way to the backend. */
export const REQUEST_BODIES: readonly Case[] = [
  ...['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'POST', 'TRACE', 'PROPFIND', 'REPORT', 'M-SEARCH'].map((method) => ({
    name: `${method} without a body`,
    routes,
    talk: ask(`${method} /r`),
  })),
  ...['GET', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND'].map((method) => ({
    name: `${method} with a body`,
    routes,
    talk: askWith(`${method} /r`, 'a body'),
  })),
  { name: 'a method that nobody knows', routes, talk: ask('FROBNICATE /r') },
  { name: 'a method in lower case', routes, talk: ask('get /r') },
  { name: 'CONNECT', routes, talk: raw('CONNECT hub.example:443 HTTP/1.1\r\nHost: hub.example:443\r\n\r\n', 'GET') },
  { name: 'OPTIONS of the whole server', routes: { '/': '{backend}' }, talk: ask('OPTIONS *') },
  { name: 'a GET whose body is empty', routes, talk: askWith('GET /r', '') },
  { name: 'a POST whose body is empty', routes, talk: askWith('POST /r', '') },
  {
    name: 'a chunked body',
    routes,
    talk: raw(`POST /r HTTP/1.1\r\n${CHUNKED}\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`, 'POST'),
  },
  { name: 'a chunked body that is empty', routes, talk: raw(`POST /r HTTP/1.1\r\n${CHUNKED}\r\n0\r\n\r\n`, 'POST') },
  {
    alone: true,
    name: 'a chunked DELETE',
    routes,
    talk: raw(`DELETE /r HTTP/1.1\r\n${CHUNKED}\r\n3\r\nabc\r\n0\r\n\r\n`, 'DELETE'),
  },
  {
    alone: true,
    name: 'a chunked GET',
    routes,
    talk: raw(`GET /r HTTP/1.1\r\n${CHUNKED}\r\n3\r\nabc\r\n0\r\n\r\n`, 'GET'),
  },
  {
    name: 'chunk extensions',
    routes,
    talk: raw(`POST /r HTTP/1.1\r\n${CHUNKED}\r\n3;a=b;c="d"\r\nabc\r\n0;x\r\n\r\n`, 'POST'),
  },
  {
    name: 'trailers',
    routes,
    talk: raw(`POST /r HTTP/1.1\r\n${CHUNKED}Trailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`, 'POST'),
  },
  {
    name: 'a body in pieces',
    routes,
    talk: [
      { send: [`POST /r HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\n`, { waitMs: 20 }, 'ab', { waitMs: 20 }, 'cd'] },
      { answer: 'POST' },
    ],
  },
  {
    name: 'a head in pieces',
    routes,
    talk: [
      {
        send: [
          'GET /r HT',
          { waitMs: 20 },
          `TP/1.1\r\nHo`,
          { waitMs: 20 },
          'st: hub.example\r\n\r',
          { waitMs: 20 },
          '\n',
        ],
      },
      { answer: 'GET' },
    ],
  },
  {
    name: 'a body of bytes of every value',
    routes,
    talk: askWith('POST /r', String.fromCharCode(...Array(256).keys())),
  },
  {
    name: '1 GiB to the backend',
    routes,
    limitMs: 60_000,
    talk: upload('Transfer-Encoding: chunked', `${GIB.toString(16)}\r\n`, '\r\n0\r\n\r\n'),
  },
  { name: 'two requests on one connection', routes, talk: [...ask('GET /r/1'), ...ask('GET /r/2')] },
  {
    name: 'two requests at once',
    routes,
    talk: raw(`GET /r/1 HTTP/1.1\r\n${HOST}\r\nGET /r/2 HTTP/1.1\r\n${HOST}\r\n`, 'GET', 'GET'),
  },
  {
    name: 'two requests with bodies at once',
    routes,
    talk: raw(
      `POST /r/1 HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nabPOST /r/2 HTTP/1.1\r\n${CHUNKED}\r\n1\r\nc\r\n0\r\n\r\n`,
      'POST',
      'POST',
    ),
  },
  {
    name: 'a body to a target that is dead',
    routes: { '/r': '{dead}' },
    talk: askWith('POST /r', 'x'.repeat(100_000)),
  },
  { name: 'a body to no route', talk: askWith('POST /nothing', 'x'.repeat(100_000)) },
  { name: 'an empty line before the request', routes, talk: raw(`\r\n\r\nGET /r HTTP/1.1\r\n${HOST}\r\n`, 'GET') },
  { name: 'the absolute form', routes, talk: ask('GET http://other.example:81/r/x?y') },
  { name: 'the absolute form of https', routes, talk: ask('GET https://other.example/r/x') },
  { name: 'the absolute form without a path', routes: { '/': '{backend}' }, talk: ask('GET http://other.example') },
]

/** Expect: 100-continue. */
const EXPECT = `POST /r HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

export const CONTINUES: readonly Case[] = [
  {
    name: 'the backend agrees',
    routes,
    backends: { backend: { onHead: { send: [CONTINUE] } } },
    talk: [{ send: [EXPECT, { waitMs: 50 }, 'ab'] }, { answer: 'POST' }],
  },
  { name: 'the client does not wait', routes, talk: raw(`${EXPECT}ab`, 'POST') },
  {
    name: 'the backend refuses',
    routes,
    backends: {
      backend: {
        onHead: { send: ['HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'], after: 'close' },
      },
    },
    talk: [{ send: [EXPECT] }, { answer: 'POST' }],
  },
  { name: 'to no route', talk: raw(EXPECT.replace('/r', '/nothing'), 'POST') },
]
