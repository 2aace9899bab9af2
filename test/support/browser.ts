import type { LookupFunction } from 'node:net'
import { CookieJar } from 'tough-cookie'
import type { Dispatcher } from 'undici'
import { Agent, request } from 'undici'
import { WebSocket } from 'ws'

/** What a request led to. */
export interface Page {
  /** Where it was found, after redirects. */
  readonly path: string
  readonly status: number
  readonly body: string
}

const MAX_REDIRECTS = 20

/** Whatever a server is called, it is on this machine. */
const toLoopback: LookupFunction = (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])

/** As much of a browser as JupyterHub's pages need: it keeps cookies, follows redirects and says what it fetches for. */
export class Browser {
  readonly #origin: string
  readonly #jar = new CookieJar()
  readonly #agent = new Agent({ connect: { lookup: toLoopback } })

  /** @param origin the only server that it talks to, except under a host name below this one's */
  constructor(origin: string) {
    this.#origin = origin
  }

  /** Goes to a page, or sends a form to it, and follows where that leads. */
  async open(path: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    let url = new URL(path, this.#origin)
    let fields = form && new URLSearchParams({ ...form, _xsrf: await this.#xsrf(url) }).toString()
    for (let hops = 0; hops < MAX_REDIRECTS; hops += 1) {
      const { page, location } = await this.#send(url, {
        method: fields === undefined ? 'GET' : 'POST',
        headers: {
          'sec-fetch-mode': 'navigate',
          ...(fields !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        body: fields ?? null,
      })
      if (location === undefined) return page
      url = new URL(location, url)
      fields = undefined
    }
    throw new Error(`${path}: more than ${MAX_REDIRECTS} redirects, now to ${url.pathname}`)
  }

  /** Makes a call as the script of a page does, to the end of the answer. */
  async call(method: Dispatcher.HttpMethod, path: string, content?: object): Promise<Page> {
    const url = new URL(path, this.#origin)
    const { page } = await this.#send(url, {
      method,
      headers: {
        'sec-fetch-mode': 'cors',
        'x-xsrftoken': await this.#xsrf(url),
        ...(content !== undefined && { 'content-type': 'application/json' }),
      },
      body: content === undefined ? null : JSON.stringify(content),
    })
    return page
  }

  /** A websocket that is being opened. */
  async websocket(path: string): Promise<WebSocket> {
    const url = new URL(path, this.#origin)
    const headers = { 'sec-fetch-mode': 'websocket', cookie: await this.#jar.getCookieString(url.href) }
    const { origin } = url
    url.protocol = 'ws:'
    return new WebSocket(url, { headers, origin, lookup: toLoopback })
  }

  /** Ends its connections. */
  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #send(
    url: URL,
    options: { method: Dispatcher.HttpMethod; headers: Readonly<Record<string, string>>; body: string | null },
  ): Promise<{ page: Page; location: string | undefined }> {
    if (!this.#isOurs(url)) throw new Error(`led away from ${this.#origin} to ${url.origin}`)
    const cookie = await this.#jar.getCookieString(url.href)
    const response = await request(url, {
      ...options,
      headers: { ...options.headers, 'sec-fetch-site': 'same-origin', origin: url.origin, cookie },
      dispatcher: this.#agent,
    })
    for (const line of [response.headers['set-cookie'] ?? []].flat()) await this.#jar.setCookie(line, url.href)
    const location = [response.headers.location].flat()[0]
    const page = { path: url.pathname, status: response.statusCode, body: await response.body.text() }
    return { page, location: page.status >= 300 && page.status < 400 ? location : undefined }
  }

  #isOurs({ protocol, host }: URL): boolean {
    const origin = new URL(this.#origin)
    return protocol === origin.protocol && (host === origin.host || host.endsWith(`.${origin.host}`))
  }

  /** The token that proves to a page's server that the page itself asks: the cookie of the longest path. */
  async #xsrf(url: URL): Promise<string> {
    const cookies = await this.#jar.getCookies(url.href)
    return cookies.find((cookie) => cookie.key === '_xsrf')?.value ?? ''
  }
}
