import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { isSecret } from '../../api/auth.js'
import type { Sessions } from './sessions.js'

export interface AdmissionOptions {
  /** Undefined if everybody on this machine may use the API. */
  readonly token: string | undefined
  /** Whether the API speaks TLS. */
  readonly isTls: boolean
  readonly sessions: Sessions
}

/** Only below this path browsers send the cookie: other ports of this host may belong to others. */
const COOKIE_PATH = '/status'

/** Who sees the status page: whoever has shown the token in it. */
export class Admission {
  readonly #isToken: ((given: string) => boolean) | undefined
  readonly #isTls: boolean
  readonly #sessions: Sessions

  constructor({ token, isTls, sessions }: AdmissionOptions) {
    this.#isToken = token === undefined ? undefined : isSecret(token)
    this.#isTls = isTls
    this.#sessions = sessions
  }

  /** Whether there is a token to show. */
  get asksForToken(): boolean {
    return this.#isToken !== undefined
  }

  /** Whether the sender of a request may see the page. */
  admits(headers: IncomingHttpHeaders): boolean {
    if (this.#isToken === undefined) return isOfThisMachine(headers) && !isFromOtherPage(headers)
    return this.#sessions.has(this.#idIn(headers))
  }

  /** Whether it had a session that is no longer known. */
  hadSession(headers: IncomingHttpHeaders): boolean {
    return this.#idIn(headers) !== undefined
  }

  /** Begins a session for whoever has the token. @returns the cookie, or undefined for a wrong token */
  logIn(headers: IncomingHttpHeaders, token: string): string | undefined {
    if (!this.#isToken?.(token)) return undefined
    return this.#cookie(headers, this.#sessions.begin(), '')
  }

  /** Ends the session. @returns what makes the browser forget its cookie */
  logOut(headers: IncomingHttpHeaders): string {
    this.#sessions.end(this.#idIn(headers))
    return this.#cookie(headers, '', '; Max-Age=0')
  }

  #cookie(headers: IncomingHttpHeaders, value: string, more: string): string {
    const secure = this.#isTls ? '; Secure' : ''
    return `${this.#nameFor(headers)}=${value}; Path=${COOKIE_PATH}; HttpOnly; SameSite=Strict${secure}${more}`
  }

  #idIn(headers: IncomingHttpHeaders): string | undefined {
    const name = `${this.#nameFor(headers)}=`
    const pair = headers.cookie?.split(';').find((part) => part.trim().startsWith(name))
    return pair?.trim().slice(name.length) || undefined
  }

  /** Browsers have one set of cookies for all ports of a host, and there may be two proxies. */
  #nameFor({ host }: IncomingHttpHeaders): string {
    const port = /:(\d{1,5})$/.exec(host ?? '')?.[1] ?? ''
    return `${this.#isTls ? '__Secure-' : ''}cep-status${port}`
  }
}

/**
 * Whether a form was sent by the status page itself. Browsers say where a request comes from; other programs need no
 * protection against other pages.
 */
export function isOwnForm(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

/** Following a link to the page is harmless: whoever made the link sees nothing of it. */
function isFromOtherPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  return headers['sec-fetch-mode'] !== 'navigate'
}

/**
 * Whether a request without a token names this machine as its host. Otherwise a page anywhere could read this one, by a
 * host name of its own that leads to this machine.
 */
function isOfThisMachine({ host = '' }: IncomingHttpHeaders): boolean {
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}
