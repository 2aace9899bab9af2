import type { RawHandler, RawRequest, Reply } from '../wire/raw-server.js'
import { response, SERVED_BY } from './responses.js'

/** What the pages ask of the hub. Users are named as in paths. */
export interface HubActions {
  /** Starts a user's server, unless it runs or is being started. False if there is no such user. */
  spawn(name: string): boolean
  stopServer(name: string): void
  isReady(name: string): boolean
}

const HTML = 'Content-Type: text/html; charset=utf-8'
const JSON_TYPE = 'Content-Type: application/json'
const FROM = `${SERVED_BY}: hub`
const FORM = `<!doctype html><title>JupyterHub</title><form method="post">${'<p>Sign in</p>'.repeat(400)}</form>`

const LOGIN = response('HTTP/1.1 200 OK', [FROM, HTML, 'Set-Cookie: _xsrf=rehearsal; Path=/hub/'], FORM)
const PENDING = response('HTTP/1.1 200 OK', [FROM, HTML], FORM)
const NOT_FOUND = response('HTTP/1.1 404 Not Found', [FROM, HTML], 'There is no such page')
/** What JupyterHub answers for a server that doesn't run. */
const NOT_RUNNING = response('HTTP/1.1 424 Failed Dependency', [FROM, JSON_TYPE], '{"message": "not running"}')
const DONE = Buffer.from(`HTTP/1.1 204 No Content\r\n${FROM}\r\n\r\n`)
const PROGRESS = {
  ready: response('HTTP/1.1 200 OK', [FROM, JSON_TYPE], '{"progress": 100, "ready": true}'),
  waiting: response('HTTP/1.1 200 OK', [FROM, JSON_TYPE], '{"progress": 50}'),
} as const

/** The pages and calls of the hub that users need: login, spawn, progress, and stopping a server. */
export class HubPages implements RawHandler {
  readonly #actions: HubActions

  constructor(actions: HubActions) {
    this.#actions = actions
  }

  answer({ method, path }: RawRequest, reply: Reply): void {
    reply(this.#answer(method, path))
  }

  upgrade(): never {
    throw new Error('the hub has no websockets')
  }

  #answer(method: string, path: string): Buffer {
    const [, first, second, third, fourth] = path.split('/')
    if (first !== 'hub') return first === 'user' ? NOT_RUNNING : NOT_FOUND
    if (second === 'login') return method === 'POST' ? redirect('/hub/home', 'jupyterhub-session-id=rehearsal') : LOGIN
    if (second === 'home') return PENDING
    if (second === 'spawn' && third !== undefined) {
      return this.#actions.spawn(third) ? redirect(`/hub/spawn-pending/${third}`) : NOT_FOUND
    }
    if (second === 'spawn-pending') return PENDING
    if (second === 'api' && third === 'users' && fourth !== undefined) return this.#server(method, fourth)
    return NOT_FOUND
  }

  #server(method: string, name: string): Buffer {
    if (method !== 'DELETE') return PROGRESS[this.#actions.isReady(name) ? 'ready' : 'waiting']
    this.#actions.stopServer(name)
    return DONE
  }
}

function redirect(to: string, cookie?: string): Buffer {
  const cookies = cookie === undefined ? [] : [`Set-Cookie: ${cookie}; Path=/`]
  return response('HTTP/1.1 302 Found', [FROM, `Location: ${to}`, ...cookies], '')
}
