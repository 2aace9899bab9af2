import t from 'tap'
import { Backend } from '../support/backend.js'
import { ask, backendOf } from '../support/http.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'

const proxy = await ProxyProcess.start()
const backend = await Backend.start('a')
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))

const table = async (): Promise<Record<string, Record<string, unknown>>> =>
  (await proxy.api('GET', '')).json() as Promise<Record<string, Record<string, unknown>>>

t.test('a route comes with POST, is shown with all that was posted, and goes with DELETE', async (t) => {
  const before = new Date()
  const posted = { target: backend.url, jupyterhub: true, user: 'ann', nested: { a: [1, null] }, last_activity: 'mine' }
  const created = await proxy.api('POST', '/user/ann', posted)
  t.equal(created.status, 201)
  t.equal(await created.text(), '')

  const shown = (await (await proxy.api('GET', '/user/ann')).json()) as Record<string, unknown>
  t.strictSame({ ...shown, last_activity: '' }, { ...posted, last_activity: '' })
  t.match(shown.last_activity, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.ok(new Date(String(shown.last_activity)) >= before, 'last_activity is the time of the POST')
  t.strictSame(await table(), { '/user/ann': shown })
  t.strictSame(await (await proxy.api('GET', '/')).json(), { '/user/ann': shown }, '/api/routes/ is the whole table')

  const removed = await proxy.api('DELETE', '/user/ann')
  t.equal(removed.status, 204)
  t.equal((await proxy.api('DELETE', '/user/ann')).status, 404)
  t.equal((await proxy.api('GET', '/user/ann')).status, 404)
  t.strictSame(await table(), {})
})

t.test('a POST replaces the whole entry', async (t) => {
  await proxy.route('/user/bob', backend.url, { old: 1 })
  await proxy.route('/user/bob/', 'http://127.0.0.1:1', { fresh: 2 })
  const { last_activity: _, ...entry } = (await (await proxy.api('GET', '/user/bob')).json()) as Record<string, unknown>
  t.strictSame(entry, { target: 'http://127.0.0.1:1', fresh: 2 })
  await proxy.api('DELETE', '/user/bob')
})

t.test('targets come back exactly as they were sent', async (t) => {
  for (const target of ['http://127.0.0.1:81', 'http://127.0.0.1:81/', 'http://[::1]:81/a%20b', 'https://LOCALHOST/']) {
    await proxy.route('/t', target)
    t.equal(((await (await proxy.api('GET', '/t')).json()) as { target: string }).target, target)
  }
  await proxy.api('DELETE', '/t')
})

t.test('data may be nested, as far as a person would nest it', async (t) => {
  const nested = JSON.parse(`${'['.repeat(98)}1${']'.repeat(98)}`) as unknown
  await proxy.route('/nested', backend.url, { nested })
  t.strictSame(((await (await proxy.api('GET', '/nested')).json()) as { nested: unknown }).nested, nested)
  await proxy.api('DELETE', '/nested')
})

t.test('names that JupyterHub makes are routes, shown unescaped', async (t) => {
  const names = [
    'foo@bar',
    'has@',
    '秀樹',
    'space word',
    'a.b',
    '...',
    '.hidden',
    'DOMAIN\\user',
    '👩‍🔬',
    '__proto__',
    'constructor',
    '100%',
    'a+b',
    'quote\'"',
  ]
  for (const name of names) await proxy.route(`/user/${encodeURIComponent(name)}`, backend.url)
  await proxy.route('/@/space%20word/user/has@', backend.url)
  t.equal(await backendOf(proxy.port, '/@/space%20word/user/has@/x'), 'a', 'and so is a base URL')
  await proxy.api('DELETE', '/@/space%20word/user/has@')
  t.strictSame(Object.keys(await table()).sort(), names.map((name) => `/user/${name}`).sort())
  for (const name of names) {
    t.equal(await backendOf(proxy.port, `/user/${encodeURIComponent(name)}/x`), 'a', `${name} is served`)
    t.equal((await proxy.api('DELETE', `/user/${encodeURIComponent(name)}`)).status, 204, `${name} is removed`)
  }
  t.strictSame(await table(), {})
})

t.test('__proto__ and the like are ordinary names', async (t) => {
  await proxy.route('/__proto__', backend.url)
  t.ok(Object.hasOwn(await table(), '/__proto__'))
  const body = `{"target":"${backend.url}","__proto__":{"polluted":1}}`
  t.equal((await proxy.api('POST', '/p', body)).status, 201)
  t.match(await (await proxy.api('GET', '/p')).text(), '"__proto__":{"polluted":1}')
  await proxy.api('DELETE', '/p')
  await proxy.api('DELETE', '/__proto__')
})

t.test('inactiveSince keeps the routes that were last active before', async (t) => {
  await proxy.route('/user/early', backend.url)
  const { last_activity } = (await (await proxy.api('GET', '/user/early')).json()) as { last_activity: string }
  const later = new Date(Date.parse(last_activity) + 1).toISOString()
  for (const name of ['inactiveSince', 'inactive_since']) {
    t.strictSame(Object.keys((await (await proxy.api('GET', `?${name}=${later}`)).json()) as object), ['/user/early'])
    t.strictSame(await (await proxy.api('GET', `?${name}=${last_activity}`)).json(), {}, 'strictly before')
  }
  const bad = await proxy.api('GET', '?inactiveSince=bad')
  t.equal(bad.status, 400)
  t.equal(await bad.text(), "Invalid datestamp 'bad' must be ISO8601.")
  await proxy.api('DELETE', '/user/early')
})

t.test('bad input gets a 4xx and a sentence, and changes nothing', async (t) => {
  await proxy.route('/user/kept', backend.url)
  const before = await table()
  const cases: Array<[path: string, body: string, status: number, sentence: RegExp]> = [
    ['/user/kept', 'not json', 400, /^Body not valid JSON: /],
    ['/user/kept', '', 400, /^Body not valid JSON: /],
    ['/user/kept', '{}', 400, /^Must specify 'target' as string$/],
    ['/user/kept', '{"target":1}', 400, /^Must specify 'target' as string$/],
    ['/user/kept', 'null', 400, /^Must specify 'target' as string$/],
    ['/user/kept', '[]', 400, /^Must specify 'target' as string$/],
    ['/user/kept', '{"target":"127.0.0.1:80"}', 400, /Invalid target '127\.0\.0\.1:80'/],
    ['/user/kept', '{"target":"ftp://host"}', 400, /must start with http/],
    [
      '/user/kept',
      `{"target":"http+unix://%2F${'s'.repeat(120)}"}`,
      400,
      /Envoy rejected the route: .*socket path size/,
    ],
    ['/%FF', `{"target":"${backend.url}"}`, 400, /malformed percent-encoding/],
    [`/${'x/'.repeat(100)}`, `{"target":"${backend.url}"}`, 400, /more than 64 segments/],
    [`/a%2F%2e.%2Fb`, `{"target":"${backend.url}"}`, 400, /segment '.' or '..'/],
    [`/a%0d%0ab`, `{"target":"${backend.url}"}`, 400, /control character/],
    [
      '/user/kept',
      `{"target":"http://h/${'x'.repeat(5000)}"}`,
      400,
      /^Invalid target '.{200}\.\.\. .*longer than 4096/,
    ],
    ['/user/kept', `{"target":"http://h/\\r\\n"}`, 400, /control character/],
    [
      '/user/kept',
      `{"target":"${backend.url}","x":${'['.repeat(3000)}${']'.repeat(3000)}}`,
      400,
      /^Body nested deeper/,
    ],
    ['/user/kept', `{"target":"${backend.url}","x":"${'x'.repeat(1024 * 1024)}"}`, 413, /too large/],
  ]
  for (const [path, body, status, sentence] of cases) {
    const answer = await proxy.api('POST', path, body)
    t.equal(answer.status, status, `${path} ${body.slice(0, 40)}`)
    t.match(await answer.text(), sentence)
  }
  const above = { method: 'POST', headers: { authorization: `token ${TOKEN}` } }
  const dots = await ask(proxy.apiPort, '/api/routes/user/..', above, `{"target":"${backend.url}"}`)
  t.strictSame([dots.status, dots.body], [400, "Invalid route path: it has a segment '.' or '..'"])
  const slashes = await proxy.api('POST', '/user/kept', { target: `http://127.0.0.1:9/${'/'.repeat(160_000)}a` })
  t.equal(slashes.status, 400)
  t.strictSame(await table(), before)
  t.equal(await backendOf(proxy.port, '/user/kept'), 'a', 'the route still leads to its old target')
  await proxy.api('DELETE', '/user/kept')
})

t.test('without the token nothing is told and nothing changes', async (t) => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    for (const authorization of [undefined, 'token wrong', 'Bearer a-token-of-the-tests', 'token ']) {
      const answer = await ask(proxy.apiPort, '/api/routes/x', {
        method,
        headers: authorization === undefined ? {} : { authorization },
      })
      t.equal(answer.status, 403, `${method} with ${authorization}`)
      t.equal(answer.body, '')
    }
  }
  t.notMatch(proxy.output, /a-token-of-the-tests/, 'the token is not in the log')
})

t.test('other methods are 405, other paths 404', async (t) => {
  for (const method of ['PUT', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND']) {
    const answer = await ask(proxy.apiPort, '/api/routes/x', { method })
    t.equal(answer.status, 405, method)
    t.equal(answer.body, method === 'HEAD' ? '' : 'Method not supported')
  }
  for (const path of ['/', '/api', '/api/routesx', '/other'])
    t.equal((await ask(proxy.apiPort, path)).status, 404, path)
})

t.test('changes to one route take effect in the order they were made', async (t) => {
  const answers: Response[] = []
  for (let turn = 0; turn < 20; turn += 1) {
    const calls = [proxy.api('POST', '/same', { target: backend.url, turn }), proxy.api('DELETE', '/same')]
    answers.push(...(await Promise.all(calls)))
  }
  t.ok(answers.every(({ status }) => [201, 204, 404].includes(status)))
  const inTable = (await proxy.api('GET', '/same')).status === 200
  t.equal(await backendOf(proxy.port, '/same'), inTable ? 'a' : 404, 'the table and Envoy agree')
})
