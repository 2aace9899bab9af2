import type { Asked, MadeUpSite } from './made-up-site.js'

const HOST = 'proxy.example.org:8001'

export interface Visit {
  readonly method?: 'GET' | 'POST'
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly cookie?: string | undefined
}

/** Asks as a browser does. */
export function visit(app: MadeUpSite, url: string, options: Visit = {}): Promise<Asked> {
  const { form, cookie, headers = {} } = options
  return app.ask({
    method: options.method ?? (form === undefined ? 'GET' : 'POST'),
    url,
    headers: {
      host: HOST,
      ...(form && { 'content-type': 'application/x-www-form-urlencoded', origin: `http://${HOST}` }),
      ...(cookie !== undefined && { cookie }),
      ...headers,
    },
    ...(form && { payload: new URLSearchParams(form).toString() }),
  })
}

/** What a browser would send back of the cookie that an answer sets. */
export function cookieOf(answer: Asked): string {
  return String(answer.headers['set-cookie']).split(';', 1)[0] ?? ''
}

/** Shows the token, and returns the cookie. */
export async function logIn(app: MadeUpSite, token: string): Promise<string> {
  const answer = await visit(app, '/status/login', { form: { token } })
  if (answer.status !== 303) throw new Error(`${answer.status} ${answer.body}`)
  return cookieOf(answer)
}
