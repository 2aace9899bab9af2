import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { beside, chunksIn, filesIn, firstScript } from './lab-files.js'
import type { Answer, Ask, Site } from './site.js'
import type { Language } from './websocket.js'

const PROGRESS_MS = 1_000

/** A server that has not started after so many looks won't. */
const LOOKS = 180

/** As many static files as JupyterLab fetches at its start, and again by a browser that has them. */
const STATIC = { all: 110, cached: 12 } as const

const CALLS = ['api/kernelspecs', 'api/sessions', 'api/contents', 'api/status', 'api/me']

const NOTEBOOK = 'rehearsal.ipynb'
const DATA = 'rehearsal.txt'

/** Models of Jupyter's contents API: a notebook of usual size, and a file of data. */
const CONTENT = {
  notebook: model('notebook', 'json', {
    ...{ metadata: {}, nbformat: 4, nbformat_minor: 4 },
    cells: [{ cell_type: 'markdown', metadata: {}, source: 'notebook '.repeat(4_400) }],
  }),
  upload: model('file', 'text', 'data '.repeat(200_000)),
} as const

/** A cell. Of the messages that answer it, the reply is the one that completes it. */
const LANGUAGE: Language = {
  request: Buffer.from(
    JSON.stringify({
      channel: 'shell',
      header: {
        msg_id: randomUUID(),
        msg_type: 'execute_request',
        session: randomUUID(),
        username: '',
        version: '5.3',
      },
      ...{ parent_header: {}, metadata: {} },
      content: { code: '1 + 1', silent: false, store_history: false, user_expressions: {}, allow_stdin: false },
    }),
  ),
  isAnswer: (_opcode, payload) => payload.includes('execute_reply'),
  looksInside: true,
}

interface Server {
  readonly ready: boolean
  readonly pending: string | null
}

/** A real hub and the servers that it starts; users are known by tokens. */
export class HubSite implements Site {
  readonly language = LANGUAGE
  readonly #base: string
  readonly #names: readonly string[]
  readonly #tokens: readonly string[]
  readonly #serverName: string
  readonly #kernels = new Map<number, string>()
  /** What the first script of JupyterLab loads, which is the same for all. */
  #chunks: readonly string[] | undefined

  /**
   * @param base the hub's base path, with a slash at both ends
   * @param serverName '' is the default server
   */
  constructor(base: string, names: readonly string[], tokens: readonly string[], serverName: string) {
    this.#base = base
    this.#names = names
    this.#tokens = tokens
    this.#serverName = serverName
  }

  name(user: number): string {
    return this.#names[user] ?? ''
  }

  headers(user: number): string {
    return `Authorization: token ${this.#tokens[user]}\r\n`
  }

  async enter(user: number, ask: Ask): Promise<boolean> {
    if (!(await ask('login', 'GET', `${this.#base}hub/login`)).isGood) return false
    let found = await this.#look(user, ask)
    if (found === undefined && !(await ask('page', 'POST', this.#serverPath(user))).isGood) return false
    for (let look = 0; look < LOOKS; look += 1) {
      found = await this.#look(user, ask)
      if (found?.ready) return true
      // It has failed, or can't be asked: users then try again.
      if (!found?.pending) return false
      await delay(PROGRESS_MS)
    }
    return false
  }

  async open(user: number, ask: Ask, isCached: boolean): Promise<string | undefined> {
    const server = this.#server(user)
    // A server without JupyterLab is opened by its API alone.
    const page = await ask('page', 'GET', `${server}/lab`, { keepsBody: true, alsoGood: [404] })
    if (!page.isGood) return undefined
    const files = await this.#filesOf(page.body, ask)
    const parts = await Promise.all([
      ...files.slice(0, isCached ? STATIC.cached : STATIC.all).map((path) => ask('static', 'GET', path)),
      ...CALLS.map((call) => ask('poll', 'GET', `${server}/${call}`)),
      ask('upload', 'PUT', this.file(user, 'upload'), { body: this.content('upload') }),
    ])
    if (!parts.every(({ isGood }) => isGood)) return undefined
    const kernel = (await this.#runningKernel(user, ask)) ?? (await this.#startKernel(user, ask))
    return kernel === undefined ? undefined : `${server}/api/kernels/${kernel}/channels`
  }

  polls(user: number): readonly string[] {
    return ['sessions', 'kernels', 'status'].map((what) => `${this.#server(user)}/api/${what}`)
  }

  file(user: number, kind: 'notebook' | 'upload' | 'download'): string {
    if (kind === 'download') return `${this.#server(user)}/files/${DATA}`
    return `${this.#server(user)}/api/contents/${kind === 'notebook' ? NOTEBOOK : DATA}`
  }

  content(kind: 'notebook' | 'upload'): Buffer {
    return CONTENT[kind]
  }

  async stopServer(user: number, ask: Ask): Promise<void> {
    this.#kernels.delete(user)
    await ask('page', 'DELETE', this.#serverPath(user))
  }

  /** Real servers don't say whose they are. */
  isMisled(): boolean {
    return false
  }

  /** That of an earlier visit, if it runs still. */
  async #runningKernel(user: number, ask: Ask): Promise<string | undefined> {
    const kernel = this.#kernels.get(user)
    if (kernel === undefined) return undefined
    const path = `${this.#server(user)}/api/kernels/${kernel}`
    const { status } = await ask('poll', 'GET', path, { alsoGood: [404] })
    return status === 404 ? undefined : kernel
  }

  /** All that JupyterLab may fetch: what its page names, and what its first script loads. */
  async #filesOf(page: string, ask: Ask): Promise<string[]> {
    const named = filesIn(page)
    const first = firstScript(named)
    if (first === undefined) return named
    if (this.#chunks === undefined) {
      const { isGood, body } = await ask('static', 'GET', first, { keepsBody: true })
      if (isGood) this.#chunks = chunksIn(body)
    }
    return [...named, ...(this.#chunks ?? []).map((name) => beside(first, name))]
  }

  async #startKernel(user: number, ask: Ask): Promise<string | undefined> {
    const answer = await ask('page', 'POST', `${this.#server(user)}/api/kernels`, { keepsBody: true, body: EMPTY })
    const id = parsed<{ id: string }>(answer)?.id
    if (id !== undefined) this.#kernels.set(user, id)
    return id
  }

  /** The user's server, as the hub sees it; undefined if there is none, or the hub can't be asked. */
  async #look(user: number, ask: Ask): Promise<Server | undefined> {
    const answer = await ask('page', 'GET', `${this.#base}hub/api/users/${this.name(user)}`, { keepsBody: true })
    return parsed<{ servers?: Readonly<Record<string, Server>> }>(answer)?.servers?.[this.#serverName]
  }

  #serverPath(user: number): string {
    const server = this.#serverName === '' ? 'server' : `servers/${this.#serverName}`
    return `${this.#base}hub/api/users/${this.name(user)}/${server}`
  }

  #server(user: number): string {
    const name = `${this.#base}user/${this.name(user)}`
    return this.#serverName === '' ? name : `${name}/${this.#serverName}`
  }
}

const EMPTY = Buffer.from('{}')

function model(type: string, format: string, content: unknown): Buffer {
  return Buffer.from(JSON.stringify({ type, format, content }))
}

/** What a good answer says in JSON. */
function parsed<T>({ isGood, body }: Answer): T | undefined {
  try {
    return isGood ? (JSON.parse(body) as T) : undefined
  } catch {
    return undefined
  }
}
