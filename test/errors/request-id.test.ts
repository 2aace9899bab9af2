import t from 'tap'
import type { ResponseMapper } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/ResponseMapper.js'
import { localReplies } from '../../src/resources/error-pages/local-replies.js'
import { withRequestIds } from '../../src/resources/error-pages/request-ids.js'
import type { Echo } from '../support/backend.js'
import { Backend } from '../support/backend.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { exchange } from '../support/raw.js'
import { eventually } from '../support/wait.js'

/** The ids that the server of error pages was asked with. */
const asked: unknown[] = []
const [pages, backend] = await Promise.all([
  Backend.start('pages', ({ headers }, response) => {
    asked.push(headers['x-request-id'])
    response.end('<p>a page of the hub</p>')
  }),
  Backend.start('backend'),
])
const proxy = await ProxyProcess.start(['--request-id', '--error-target', pages.url, '--workers', '1'])
t.teardown(() => Promise.all([proxy.stop(), backend.stop(), pages.stop()]))
await proxy.route('/user/a', backend.url)

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The ids that a target and the client get for a request with these headers. */
async function idsOf(headers: Record<string, string>) {
  const { body, headers: answered } = await ask(proxy.port, '/user/a', { headers })
  const { rawHeaders } = JSON.parse(body) as Echo
  const sent = rawHeaders.filter((_, index) => /^x-(cep-)?request-id$/i.test(rawHeaders[index - (index % 2)] ?? ''))
  return { sent, answered: answered['x-request-id'] }
}

t.test("a client's id is kept, and otherwise one is made", async (t) => {
  t.strictSame(await idsOf({ 'x-request-id': 'my-Id_1.2:3' }), {
    sent: ['x-request-id', 'my-Id_1.2:3'],
    answered: 'my-Id_1.2:3',
  })
  const { sent, answered } = await idsOf({})
  t.match(sent[1], UUID)
  t.equal(answered, sent[1])
})

t.test('an id that is too long, or could do harm, is replaced', async (t) => {
  for (const id of ['x'.repeat(65), '<script>', 'a b', '%0a', 'ü', '"', 'a,b']) {
    const { sent } = await idsOf({ 'x-request-id': Buffer.from(id).toString('latin1'), 'x-cep-request-id': 'mine' })
    t.match(sent, ['x-request-id', UUID], id)
    t.equal(sent.length, 2)
  }
  const twice =
    'GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-request-id: one\r\nx-request-id: <two>\r\n\r\n'
  t.notMatch(await exchange(proxy.port, twice), '<two>')
})

t.test('the log, the server of error pages and the client are told the id of a failed request', async (t) => {
  const { body, headers } = await ask(proxy.port, '/nowhere', { headers: { 'x-request-id': 'failed-1' } })
  t.match(body, 'a page of the hub')
  t.equal(headers['x-request-id'], 'failed-1')
  t.ok(asked.includes('failed-1'))
  await eventually(() => /404 GET \/nowhere no route matches \(request failed-1\)/.test(proxy.output), 'a line')
})

t.test('a built-in page shows it', async (t) => {
  await pages.stop()
  const { body } = await ask(proxy.port, '/nowhere', { headers: { 'x-request-id': 'failed-2' } })
  t.match(body, /quote this number: <code>failed-2<\/code>.*<\/body><\/html>/s)
})

t.test("an operator's own page has it where it asks for it, and is otherwise unchanged", async (t) => {
  const format = (page: Buffer) => {
    const { mappers = [] } = withRequestIds(localReplies({ pages: { byStatus: new Map(), other: page } }))
    const { body, body_format_override } = mappers.at(-1) as ResponseMapper
    t.notOk(body)
    return Buffer.from(body_format_override?.text_format_source?.inline_bytes ?? '').toString('latin1')
  }
  t.equal(format(Buffer.from('<p>{{request_id}}</p>')), '<p>%REQ(x-request-id)%</p>')
  t.equal(format(Buffer.from('width:100%; caf\xe9', 'latin1')), 'width:100%%; caf\xe9')
})

t.test('a bare status stays one', async (t) => {
  const { mappers = [] } = withRequestIds(localReplies({}))
  const bare = localReplies({}).mappers?.filter(({ body }) => body?.inline_string === '')
  t.strictSame(
    mappers.filter(({ body }) => body?.inline_string === ''),
    bare,
  )
})
