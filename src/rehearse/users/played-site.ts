import { setTimeout as delay } from 'node:timers/promises'
import { SERVED_BY, STATIC_FILES } from '../played/responses.js'
import type { Outcome } from '../wire/connection.js'
import { headerOf } from '../wire/connection.js'
import { OPCODE } from '../wire/frames.js'
import type { Ask, Site } from './site.js'
import type { Language } from './websocket.js'

/** The page of a server that starts looks that often whether it has. */
const PROGRESS_MS = 1_000

/** A server that has not started after so many looks won't. */
const LOOKS = 60

/** How many static files a browser asks for although it has them. */
const NOT_CACHED = 12

/** What JupyterLab asks for at its start, beside static files. */
const CALLS = ['api/kernelspecs', 'api/sessions', 'api/contents', 'lab/api/settings', 'lab/api/workspaces', 'api/me']

/** A notebook of usual size, and a file of data. */
const CONTENT = { notebook: Buffer.alloc(40_000, 'notebook '), upload: Buffer.alloc(1_000_000, 'data ') } as const

/** A cell that is executed: about the size of a message of Jupyter's. */
const LANGUAGE: Language = {
  request: Buffer.alloc(600, 'execute_request '),
  isAnswer: (opcode) => opcode === OPCODE.binary,
  looksInside: false,
}

/** The hub and servers that a rehearsal plays. */
export class PlayedSite implements Site {
  readonly language = LANGUAGE
  readonly #names: readonly string[]

  constructor(names: readonly string[]) {
    this.#names = names
  }

  name(user: number): string {
    return this.#names[user] ?? ''
  }

  headers(user: number): string {
    return `Cookie: jupyterhub-session-id=${this.name(user)}-0123456789abcdef; _xsrf=rehearsal\r\n`
  }

  async enter(user: number, ask: Ask): Promise<boolean> {
    const name = this.name(user)
    const login = await ask('login', 'GET', '/hub/login')
    if (!login.isGood || !(await ask('login', 'POST', '/hub/login')).isGood) return false
    if (!(await ask('page', 'GET', '/hub/home')).isGood) return false
    if (!(await ask('page', 'POST', `/hub/spawn/${name}`)).isGood) return false
    if (!(await ask('page', 'GET', `/hub/spawn-pending/${name}`)).isGood) return false
    for (let look = 0; look < LOOKS; look += 1) {
      const { isGood, body } = await ask('page', 'GET', progressPath(name), { keepsBody: true })
      if (isGood && body.includes('"ready": true')) return true
      if (!isGood) return false
      await delay(PROGRESS_MS)
    }
    return false
  }

  async open(user: number, ask: Ask, isCached: boolean): Promise<string | undefined> {
    const server = this.#server(user)
    if (!(await ask('page', 'GET', `${server}/lab`)).isGood) return undefined
    const files = STATIC_FILES.map((_size, at) => `${server}/static/lab/${at}.js`)
    const fetched = isCached ? files.slice(-NOT_CACHED) : files
    const parts = await Promise.all([
      ...fetched.map((path) => ask('static', 'GET', path)),
      ...CALLS.map((call) => ask('poll', 'GET', `${server}/${call}`)),
    ])
    return parts.every(({ isGood }) => isGood) ? `${server}/api/kernels/0/channels` : undefined
  }

  polls(user: number): readonly string[] {
    return ['sessions', 'kernels', 'terminals'].map((what) => `${this.#server(user)}/api/${what}`)
  }

  file(user: number, kind: 'notebook' | 'upload' | 'download'): string {
    const path = {
      notebook: 'api/contents/notebook.ipynb',
      upload: 'api/contents/data.csv',
      download: 'files/data.csv',
    }
    return `${this.#server(user)}/${path[kind]}`
  }

  content(kind: 'notebook' | 'upload'): Buffer {
    return CONTENT[kind]
  }

  async stopServer(user: number, ask: Ask): Promise<void> {
    await ask('page', 'DELETE', `/hub/api/users/${this.name(user)}/server`)
  }

  isMisled(user: number, path: string, outcome: Outcome): boolean {
    const server = headerOf(outcome, SERVED_BY)
    return server !== undefined && server !== (path.startsWith('/user/') ? this.name(user) : 'hub')
  }

  #server(user: number): string {
    return `/user/${this.name(user)}`
  }
}

function progressPath(name: string): string {
  return `/hub/api/users/${name}/server/progress`
}
