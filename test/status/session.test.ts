import t from 'tap'
import { MAX_SESSIONS, SESSION_MS } from '../../src/operations/site/sessions.js'
import { cookieOf, logIn, visit } from './browser-like.js'
import { madeUpSite, TOKEN } from './made-up-site.js'

const VIEWS = ['/status', '/status/routes', '/status/explain?path=/user/ann']

t.test('every view asks for the token, and shows nothing before', async (t) => {
  const app = await madeUpSite()
  for (const url of VIEWS) {
    const { status, body, admitted } = await visit(app, url)
    t.equal(status, 403, url)
    t.match(body, /type="password"/)
    t.notMatch(body, /10,000|proxy-0/)
    t.notOk(admitted, 'the connection ends, as for any call without the token')
  }
})

t.test('whoever shows the token sees all views, by a cookie that only the status page gets', async (t) => {
  const app = await madeUpSite()
  const answer = await visit(app, '/status/login', { form: { token: TOKEN, next: '/status/routes?page=2' } })
  t.equal(answer.status, 303)
  t.equal(answer.headers.location, '/status/routes?page=2', 'the view that was asked for')
  t.match(answer.headers['set-cookie'], /^cep-status8001=[\w-]{43}; Path=\/status; HttpOnly; SameSite=Strict$/)
  for (const url of VIEWS) {
    const { status, admitted } = await visit(app, url, { cookie: cookieOf(answer) })
    t.equal(status, 200, url)
    t.ok(admitted)
  }
})

t.test('with TLS the cookie is never sent without it', async (t) => {
  const app = await madeUpSite({ isTls: true })
  const { headers } = await visit(app, '/status/login', {
    form: { token: TOKEN },
    headers: { origin: 'https://proxy.example.org:8001' },
  })
  t.match(headers['set-cookie'], /^__Secure-cep-status8001=.*; SameSite=Strict; Secure$/)
})

t.test('a wrong token is refused, and so are an empty one and a part of it', async (t) => {
  const app = await madeUpSite()
  for (const token of ['wrong', '', TOKEN.slice(0, -1), `${TOKEN}x`]) {
    const { status, body, headers, admitted } = await visit(app, '/status/login', { form: { token } })
    t.equal(status, 403)
    t.match(body, /not the proxy(&#39;|')s token/)
    t.equal(headers['set-cookie'], undefined)
    t.notOk(admitted, 'a guess costs a connection')
  }
})

t.test('a session is known by its cookie alone, and opens the status page alone', async (t) => {
  const app = await madeUpSite()
  const cookie = await logIn(app, TOKEN)
  for (const other of [`${cookie}x`, 'cep-status8001=', 'cep-status8001=guess', cookie.replace('8001', '')]) {
    t.equal((await visit(app, '/status', { cookie: other })).status, 403, other)
  }
  t.equal((await visit(app, '/api/routes', { cookie })).status, 403)
  t.equal((await visit(app, '/api/status', { cookie })).status, 403)
})

t.test('a session ends after 12 hours, and the page says why it asks again', async (t) => {
  let now = 1
  const app = await madeUpSite({ now: () => now })
  const cookie = await logIn(app, TOKEN)
  now += SESSION_MS - 1
  t.equal((await visit(app, '/status', { cookie })).status, 200)
  now += 1
  const { status, body } = await visit(app, '/status', { cookie })
  t.equal(status, 403)
  t.match(body, /session has ended/)
})

t.test('a restart of the control plane ends all sessions', async (t) => {
  const cookie = await logIn(await madeUpSite(), TOKEN)
  const { status, body } = await visit(await madeUpSite(), '/status', { cookie })
  t.equal(status, 403)
  t.match(body, /the control plane has been restarted/)
})

t.test('logging out ends the session', async (t) => {
  const app = await madeUpSite()
  const cookie = await logIn(app, TOKEN)
  const { status, headers } = await visit(app, '/status/logout', { form: {}, cookie })
  t.equal(status, 303)
  t.match(headers['set-cookie'], /Max-Age=0/)
  t.equal((await visit(app, '/status', { cookie })).status, 403)
})

t.test('there are so many sessions at most: the oldest ends for a new one', async (t) => {
  const app = await madeUpSite()
  const first = await logIn(app, TOKEN)
  const second = await logIn(app, TOKEN)
  for (let count = 2; count < MAX_SESSIONS + 1; count += 1) await logIn(app, TOKEN)
  t.equal((await visit(app, '/status', { cookie: first })).status, 403)
  t.equal((await visit(app, '/status', { cookie: second })).status, 200)
})

t.test('no other page can log in or out', async (t) => {
  const app = await madeUpSite()
  const cookie = await logIn(app, TOKEN)
  const others = [
    { origin: 'https://evil.example.org' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of others) {
    t.equal((await visit(app, '/status/login', { form: { token: TOKEN }, headers })).status, 403)
    t.equal((await visit(app, '/status/logout', { form: {}, cookie, headers })).status, 403)
  }
  t.equal((await visit(app, '/status', { cookie })).status, 200, 'the session lives')
})

t.test('after the token, only a view of this page is gone to', async (t) => {
  const app = await madeUpSite()
  for (const next of [
    'https://evil.example.org',
    '//evil.example.org',
    '/statuses',
    '/status/../api',
    '/status?a\r\nb: c',
    '',
  ]) {
    const { headers } = await visit(app, '/status/login', { form: { token: TOKEN, next } })
    t.equal(headers.location, '/status', next)
  }
})

t.test('what is posted as a login is small', async (t) => {
  const app = await madeUpSite()
  t.equal((await visit(app, '/status/login', { form: { token: 'x'.repeat(20_000) } })).status, 413)
})

t.test('without a token, whoever is on this machine sees the page, and no page of others does', async (t) => {
  const app = await madeUpSite({ token: undefined })
  const from = (headers: Record<string, string>) => visit(app, '/status', { headers })
  for (const host of ['localhost:8001', '127.0.0.1:8001', '[::1]:8001', 'localhost']) {
    t.equal((await from({ host })).status, 200, host)
  }
  t.equal((await from({ host: 'evil.example.org:8001' })).status, 403, 'a name that leads to this machine')
  t.equal((await from({ host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).status, 403)
  t.equal((await from({ host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).status, 200)
  t.notMatch((await from({ host: 'localhost' })).body, /Log out/)
})

t.test('nothing is changed by it: no other method is known', async (t) => {
  const app = await madeUpSite()
  const cookie = await logIn(app, TOKEN)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const) {
    const { status } = await app.ask({
      method,
      url: '/status/routes',
      headers: { cookie, host: 'proxy.example.org:8001' },
    })
    t.equal(status, 404, method)
  }
})
