import type { Behaviour, Case, Step } from '../case.js'
import { ask, askWith, SWITCHING, upgrade } from '../requests.js'

/** What is done to a route, and what its backend answers. The route is called as the deed. */
interface Deed {
  readonly talk: (path: string) => readonly Step[]
  readonly answer?: Behaviour
  readonly target?: string
}

const ECHO: Behaviour = { onEnd: { send: [SWITCHING], after: 'echo' } }

const get = (path: string) => ask(`GET ${path}`)
const post = (path: string) => askWith(`POST ${path}`, 'a body')

const speak = (path: string): Step[] => [...upgrade(path), { send: ['hello'] }, { receive: 5 }]

function status(line: string): Behaviour {
  return { onEnd: { send: [`HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n`] } }
}

const REQUESTS: Readonly<Record<string, Deed>> = {
  '/nothing-at-all': { talk: () => ask('GET /_chp_healthz') },
  '/get-200': { talk: get },
  '/get-204': { talk: get, answer: { onEnd: { send: ['HTTP/1.1 204 No Content\r\n\r\n'] } } },
  '/get-301': { talk: get, answer: status('301 Moved') },
  '/get-304': { talk: get, answer: { onEnd: { send: ['HTTP/1.1 304 Not Modified\r\n\r\n'] } } },
  '/get-404': { talk: get, answer: status('404 Not Found') },
  '/get-500': { talk: get, answer: status('500 Broken') },
  '/post-201': { talk: post, answer: status('201 Created') },
  '/post-302': { talk: post, answer: status('302 Found') },
  '/post-404': { talk: post, answer: status('404 Not Found') },
  '/head-200': { talk: (path) => ask(`HEAD ${path}`), answer: status('200 OK') },
  '/get-dead': { talk: get, target: '{dead}' },
  '/post-dead': { talk: post, target: '{dead}' },
  '/last': { talk: get },
}

const WEBSOCKETS: Readonly<Record<string, Deed>> = {
  '/opened': { talk: (path) => upgrade(path), answer: ECHO },
  '/client-speaks': { talk: speak, answer: ECHO },
  '/backend-speaks': {
    talk: (path) => [...upgrade(path), { receive: 3 }],
    answer: { onEnd: { send: [SWITCHING, 'bye'], after: 'echo' } },
  },
  '/refused': { talk: (path) => upgrade(path), answer: status('403 Forbidden') },
  '/last': { talk: speak, answer: ECHO },
}

/**
 * All deeds one after another, then whether each was activity of its route. The last one is, so that all is known once it
 * is known.
 */
function activity(name: string, deeds: Readonly<Record<string, Deed>>): Case {
  const routes = Object.keys(deeds)
  return {
    name,
    routes: Object.fromEntries(routes.map((route) => [route, deeds[route]?.target ?? '{backend}'])),
    backends: { backend: { byPath: Object.fromEntries(routes.map((route) => [route, deeds[route]?.answer ?? {}])) } },
    talk: [
      ...routes.map((route) => ({ remember: route })),
      ...Object.entries(deeds).flatMap(([route, { talk }]) => [{ connect: 'public' as const }, ...talk(route)]),
      { settled: routes.at(-1) ?? '' },
      ...routes.map((route) => ({ advanced: route })),
    ],
  }
}

/** What last_activity is set by. */
export const ACTIVITY: readonly Case[] = [
  activity('requests', REQUESTS),
  activity('websockets', WEBSOCKETS),
  {
    name: 'the default target',
    setup: { options: ['--default-target', '{other}'] },
    talk: [{ remember: '/' }, ...ask('GET /x'), { settled: '/' }],
  },
  {
    name: 'the parent of a route',
    routes: { '/parent': '{other}', '/parent/child': '{backend}' },
    talk: [
      ...[{ remember: '/parent' }, { remember: '/parent/child' }],
      ...ask('GET /parent/child/x'),
      ...[{ settled: '/parent/child' }, { advanced: '/parent' }],
    ],
  },
]
