import type { Answer, ApiCall, Endpoint, Handler } from '../../api/call.js'
import { pathOf, plain } from '../../api/call.js'
import type { Operations } from '../operations.js'
import type { Assets } from '../page/assets.js'
import { readAssets } from '../page/assets.js'
import { explainPage } from '../page/explain.js'
import type { DocumentParts } from '../page/layout.js'
import { document, LEVEL_WORDS, PLACES, searchBox } from '../page/layout.js'
import type { LoginReason } from '../page/login.js'
import { loginPage } from '../page/login.js'
import { overviewPage } from '../page/overview.js'
import { routesAddress, routesPage } from '../page/routes.js'
import { routesQueryOf, searchOf } from '../queries.js'
import { Admission, isOwnForm } from './admission.js'
import { secureHeaders } from './headers.js'
import { Sessions } from './sessions.js'

export interface StatusSiteOptions {
  readonly operations: Operations
  /** Undefined if everybody on this machine may use the API. */
  readonly token: string | undefined
  /** Whether the API speaks TLS. */
  readonly isTls: boolean
  readonly hostRouting: boolean
  /** The time in milliseconds. */
  readonly now: () => number
}

/** A token has a few dozen characters, and an address to go to then is short. */
const LOGIN_BODY_LIMIT = 16 * 1024

const LOGIN = '/status/login'
const LOGOUT = '/status/logout'

/** The page for people at /status: whoever has shown the token in it sees all, and can change nothing. */
export async function statusSite(options: StatusSiteOptions): Promise<Endpoint> {
  return new StatusSite(options, await readAssets()).endpoint
}

class StatusSite {
  readonly #operations: Operations
  readonly #hostRouting: boolean
  readonly #assets: Assets
  readonly #admission: Admission
  readonly #headers: Readonly<Record<string, string>>

  constructor({ operations, token, isTls, hostRouting, now }: StatusSiteOptions, assets: Assets) {
    this.#operations = operations
    this.#hostRouting = hostRouting
    this.#assets = assets
    this.#admission = new Admission({ token, isTls, sessions: new Sessions(now) })
    this.#headers = secureHeaders(assets)
  }

  get endpoint(): Endpoint {
    const handlers: Readonly<Record<string, ReadonlyMap<string, Handler>>> = {
      GET: new Map([
        [PLACES.overview, (call) => this.#ifAdmitted(call, () => this.#overview())],
        [PLACES.routes, (call) => this.#ifAdmitted(call, () => this.#routes(call))],
        [PLACES.explain, (call) => this.#ifAdmitted(call, () => this.#explain(call))],
      ]),
      POST: new Map([
        [LOGIN, (call) => this.#ifOwnForm(call, () => this.#logIn(call))],
        [LOGOUT, (call) => this.#ifOwnForm(call, () => this.#logOut(call))],
      ]),
    }
    return {
      matches: (path) => /^\/status(?:\/|$)/.test(path),
      needsToken: false,
      handler: (method) => async (call) => {
        const handler = handlers[method]?.get(pathOf(call))
        return handler === undefined ? plain(404, 'Not Found') : this.#secured(await handler(call))
      },
    }
  }

  #secured(answer: Answer): Answer {
    return { ...answer, headers: { ...this.#headers, ...answer.headers } }
  }

  /** Asks for the token instead of the answer, unless it has been shown. */
  async #ifAdmitted({ headers, url }: ApiCall, answer: () => Answer | Promise<Answer>): Promise<Answer> {
    if (this.#admission.admits(headers)) return { ...(await answer()), admitted: true }
    if (!this.#admission.asksForToken) return plain(403, NOT_FROM_HERE)
    return this.#askForToken(this.#admission.hadSession(headers) ? 'ended' : 'first', url)
  }

  async #ifOwnForm({ headers }: ApiCall, answer: () => Answer | Promise<Answer>): Promise<Answer> {
    return isOwnForm(headers) ? answer() : plain(403, 'This form was sent by another page.')
  }

  #askForToken(reason: LoginReason, next: string): Answer {
    const main = loginPage(reason, placeIn(next))
    const title = 'Status of the proxy: log in'
    return this.#page({ title, place: undefined, level: undefined, canLogOut: false, main }, 403)
  }

  async #logIn({ headers, body }: ApiCall): Promise<Answer> {
    const form = new URLSearchParams(await body(LOGIN_BODY_LIMIT))
    const next = placeIn(form.get('next') ?? '')
    const cookie = this.#admission.logIn(headers, (form.get('token') ?? '').trim())
    if (cookie === undefined) return this.#askForToken('wrong', next)
    return { status: 303, headers: { location: next, 'set-cookie': cookie }, admitted: true }
  }

  #logOut({ headers }: ApiCall): Answer {
    return { status: 303, headers: { location: PLACES.overview, 'set-cookie': this.#admission.logOut(headers) } }
  }

  async #overview(): Promise<Answer> {
    const view = await this.#operations.overview()
    const { level } = view.verdict
    const main = overviewPage(view, this.#hostRouting)
    return this.#view({ title: `${LEVEL_WORDS[level]} - proxy`, place: 'overview', level, main, json: '/api/status' })
  }

  #routes(call: ApiCall): Answer {
    const query = routesQueryOf(call)
    const main = routesPage(this.#operations.routes(query), new Date().toISOString(), this.#hostRouting)
    const json = routesAddress(query, '/api/status/routes')
    return this.#view({ title: 'Routes - proxy', place: 'routes', main, json })
  }

  async #explain(call: ApiCall): Promise<Answer> {
    const question = searchOf(call)
    if (question === undefined) {
      const main = searchBox('', undefined, this.#hostRouting)
      return this.#view({ title: 'Explain - proxy', place: 'explain', main })
    }
    const main = explainPage(await this.#operations.explain(question), this.#hostRouting)
    const { path, host } = question
    const json = `/api/explain?${new URLSearchParams({ path, ...(host === null ? {} : { host }) })}`
    return this.#view({ title: `${path} - proxy`, place: 'explain', main, json })
  }

  #view(parts: Omit<DocumentParts, 'canLogOut' | 'level'> & Partial<DocumentParts>): Answer {
    return this.#page({ level: undefined, canLogOut: this.#admission.asksForToken, ...parts }, 200)
  }

  #page(parts: DocumentParts, status: number): Answer {
    return { status, type: 'text/html; charset=utf-8', body: document(parts, this.#assets) }
  }
}

const NOT_FROM_HERE = "Without a token, the status is shown only under this machine's own names, such as localhost."

/** A view of this site to go to; the overview if the text is none. */
function placeIn(text: string): string {
  return /^\/status(?:\/(?:routes|explain))?(?:\?[\x21-\x7e]*)?$/.test(text) ? text : PLACES.overview
}
