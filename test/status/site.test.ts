import t from 'tap'
import type { Overview } from '../../src/operations/status/overview.js'
import type { RoutesView } from '../../src/operations/status/routes-view.js'
import { logIn, visit } from './browser-like.js'
import { madeUpSite, route, TOKEN } from './made-up-site.js'
import { before, event, factsOf, failure, SOUND } from './status-facts.js'

const AUTHORIZED = { authorization: `token ${TOKEN}` }
const VIEWS = ['/status', '/status/routes', '/status/explain?path=/user/ann']
const TWINS = ['/api/status', '/api/status/routes', '/api/explain?path=/user/ann']

t.test('the first line says how things are, why, and what to do', async (t) => {
  const expired = [{ option: '--ssl-cert', path: '/etc/tls/hub.pem', expires: before(86_400) }]
  const app = await madeUpSite({ facts: factsOf({ certificates: expired }) })
  const cookie = await logIn(app, TOKEN)
  const { body } = await visit(app, '/status', { cookie })
  t.match(body, /<title>Users are affected - proxy<\/title>/)
  t.match(
    body,
    /class="verdict red"[\s\S]*<h1>The certificate of --ssl-cert has expired: browsers refuse[\s\S]*Renew \/etc\/tls\/hub\.pem/,
  )
})

t.test('it shows traffic, limits, Envoys, certificates and what happened', async (t) => {
  const refused = event('route_refused', { subject: '/user/x', count: 2, at: before(7300), reason: 'bad port' })
  const app = await madeUpSite({
    facts: factsOf({}, { failures: [failure()], events: [event('envoy_back'), refused] }),
  })
  const { body } = await visit(app, '/status', { cookie: await logIn(app, TOKEN) })
  const words = body.replace(/<[^>]*>/g, ' ').replace(/\s+,?/g, (blank) => (blank.endsWith(',') ? ',' : ' '))
  for (const expected of [
    'Requests a second 40',
    '99 % answered within 99 ms',
    'Connections 412',
    'Websockets 287',
    '214 MiB of 614 MiB (35 %)',
    'proxy-0 Version 1.40.0 Configuration the latest, acknowledged',
    '--ssl-cert 61 days left',
    '/user/bob : connection refused, nothing listens there http://10.0.0.9:8888, 12 requests, last 5 seconds ago',
    'Envoy refused the route /user/x: bad port 2 times, last 2 hours ago',
  ]) {
    t.ok(words.includes(expected), expected)
  }
})

t.test('it shows the control planes over one store, also in its twin', async (t) => {
  const peer = {
    id: 'b',
    address: 'b:1',
    self: false,
    standing: 'in',
    acknowledged: '6',
    envoys: [],
    fenced: true,
  } as const
  const own = { ...peer, id: 'a', address: 'a:1', self: true, acknowledged: '7', envoys: ['envoy-1'], fenced: false }
  const fleet = {
    ...{ store: 'etcd', revision: '7', fenced: [] },
    members: [
      { ...own, heard_seconds_ago: null, lease_renewed_seconds_ago: 2 },
      { ...peer, heard_seconds_ago: 9, lease_renewed_seconds_ago: null },
    ],
  }
  const app = await madeUpSite({ facts: factsOf({}, { fleet }) })
  const { body } = await visit(app, '/status', { cookie: await logIn(app, TOKEN) })
  const words = body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
  t.match(
    words,
    'a:1 this one Place in its place Acknowledged the last write Envoys envoy-1 Lease renewed 2 seconds ago',
  )
  t.match(words, 'b:1 Place fenced Acknowledged write 6 Envoys none Heard 9 seconds ago')
  const twin = await visit(app, '/api/status', { headers: AUTHORIZED })
  t.strictSame((JSON.parse(twin.body) as Overview).fleet, fleet)
})

t.test('every view has a twin in JSON, with the token', async (t) => {
  const app = await madeUpSite({ routes: [route('/'), route('/user/ann', { user: 'ann' })] })
  for (const url of TWINS) {
    const { status, headers } = await app.ask({ url, headers: AUTHORIZED })
    t.equal(status, 200, url)
    t.match(headers['content-type'], /^application\/json/)
    t.equal((await app.ask({ url })).status, 403, `${url} without the token`)
  }
  const status = JSON.parse((await app.ask({ url: '/api/status', headers: AUTHORIZED })).body) as Overview
  t.match(status, {
    verdict: { level: 'green', findings: [] },
    traffic: { requests: 11_943, failed: 2, latency: { p50: 0.01 }, open: { websockets: 287 } },
    envoys: [{ id: 'proxy-0', version: '1.40.0', pending: 0 }],
    certificates: [{ option: '--ssl-cert', daysLeft: 61 }],
  })
  const { routes } = JSON.parse(
    (await app.ask({ url: '/api/status/routes?filter=ANN', headers: AUTHORIZED })).body,
  ) as RoutesView
  t.match(routes, [{ routespec: '/user/ann', user: 'ann', target: 'http://10.0.0.5:8888', refused: null }])
})

t.test('an answer is for nobody else: not for caches, frames, other pages or other scripts', async (t) => {
  const app = await madeUpSite()
  const cookie = await logIn(app, TOKEN)
  for (const [url, visitor] of [...VIEWS.map((view) => [view, cookie] as const), ['/status', undefined] as const]) {
    const { headers } = await visit(app, url, { cookie: visitor })
    t.match(
      headers['content-security-policy'],
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/,
    )
    t.match(headers['content-security-policy'], /form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/)
    t.match(headers, {
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    })
  }
})

t.test('nothing is loaded from anywhere', async (t) => {
  const app = await madeUpSite()
  const cookie = await logIn(app, TOKEN)
  for (const url of VIEWS)
    t.notMatch((await visit(app, url, { cookie })).body, /(src|href)="(?!\/status|#|data:)|url\(|@import/)
})

t.test('whatever users, the hub or a backend choose stays text', async (t) => {
  const attack = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
  const hostile = [
    route(`/user/${attack}`, { user: attack, server_name: attack }),
    route('/user/x', { target: `http://h/${attack}` }),
  ]
  const facts = factsOf(
    { envoys: SOUND.envoys.map((envoy) => ({ ...envoy, id: attack, version: attack })) },
    {
      refusals: new Map([[`/user/${attack}`, attack]]),
      failures: [failure({ routespec: attack, target: attack })],
      events: [event('route_refused', { subject: attack, reason: attack })],
    },
  )
  const app = await madeUpSite({ routes: hostile, facts })
  const cookie = await logIn(app, TOKEN)
  const query = encodeURIComponent(`/user/${attack}`)
  const pages = [
    '/status',
    '/status/routes',
    `/status/routes?filter=${encodeURIComponent(attack)}&sort=${encodeURIComponent(attack)}&size=${encodeURIComponent(attack)}`,
    `/status/explain?path=${query}`,
    `/status/explain?path=${query}&host=${encodeURIComponent(attack)}`,
  ]
  for (const url of pages) {
    const { status, body } = await visit(app, url, { cookie })
    t.equal(status, 200)
    t.ok(body.includes('&lt;script&gt;alert(1)'), `${url} shows it`)
    t.notMatch(body, /<img|<script>alert|"'(>|&gt;)/)
  }
  t.notMatch((await visit(app, `/status/routes?${attack}`)).body, /<img|<script>alert/, 'nor before the token')
})

t.test('no secret is shown: neither on a page nor in its twin', async (t) => {
  const secret = 'a-secret'
  const data = {
    ...{ user: 'ann', cookie: secret, api_token: secret, user_options: { key: secret } },
    target: `http://me:${secret}@10.0.0.5:8888/base?key=${secret}#${secret}`,
  }
  const app = await madeUpSite({ routes: [route('/user/ann', data)] })
  const cookie = await logIn(app, TOKEN)
  const asked = `/user/ann/lab?token=${secret}`
  const pages = [
    ...VIEWS,
    ...['/status/explain?path=', '/status/explain?path=https%3A%2F%2Fme:a-secret@hub.example.org'].map(
      (url) => url + encodeURIComponent(asked),
    ),
  ]
  for (const url of pages) {
    const { body, status } = await visit(app, url, { cookie })
    t.equal(status, 200)
    for (const hidden of [secret, TOKEN, cookie.split('=')[1] ?? ''])
      t.notOk(body.includes(hidden), `${url}: ${hidden}`)
  }
  for (const url of [...TWINS, `/api/explain?path=${encodeURIComponent(asked)}`]) {
    const { body, status } = await app.ask({ url, headers: AUTHORIZED })
    t.equal(status, 200)
    for (const hidden of [secret, TOKEN]) t.notOk(body.includes(hidden), `${url}: ${hidden}`)
  }
})

t.test('an address can be pasted into the search box, and a path without its slash', async (t) => {
  const app = await madeUpSite({ routes: [route('/user/ann')], hostRouting: false })
  const cookie = await logIn(app, TOKEN)
  for (const typed of [
    '/user/ann/lab',
    'user/ann/lab',
    'https://hub.example.org/user/ann/lab?a=b',
    '  /user/ann/lab#part ',
  ]) {
    const { body } = await visit(app, `/status/explain?path=${encodeURIComponent(typed)}`, { cookie })
    t.match(body, /value="\/user\/ann\/lab"/, typed)
    t.match(body, /<dd>\/user\/ann<\/dd>/, typed)
  }
  t.equal((await visit(app, '/status/explain', { cookie })).status, 200)
})
