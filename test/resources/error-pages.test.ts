import t from 'tap'
import { BUILTIN_STATUSES, builtinPage } from '../../src/resources/error-pages/builtin-pages.js'
import type { ErrorPages } from '../../src/resources/error-pages/local-replies.js'
import { localReplies } from '../../src/resources/error-pages/local-replies.js'

const mappers = (pages: ErrorPages) => localReplies(pages).mappers ?? []

t.test('a built-in page loads nothing from elsewhere', async (t) => {
  for (const status of [...BUILTIN_STATUSES, undefined]) {
    const page = builtinPage(status)
    t.match(page, /^<!DOCTYPE html>\n/)
    t.notMatch(page, /<script|<link|<img|src=|url\(/, `${status}`)
    if (status !== undefined) t.match(page, `Error ${status}`)
  }
})

t.test('a page of the operator’s goes before the built-in one of its status', async (t) => {
  const own = Buffer.from('<p>not here</p>')
  const bodies = mappers({ pages: { byStatus: new Map([[404, own]]) } }).map(({ body }) => body)
  t.ok(bodies.some((body) => body?.inline_bytes === own))
  t.ok(bodies.some((body) => body?.inline_string === builtinPage(503)))
})

t.test('with a page for all statuses, no built-in page of a status is left', async (t) => {
  const own = Buffer.from('<p>error</p>')
  const bodies = mappers({ pages: { byStatus: new Map(), other: own } }).map(({ body }) => body)
  for (const status of BUILTIN_STATUSES) t.notOk(bodies.some((body) => body?.inline_string === builtinPage(status)))
})

t.test('only with an error target are replies marked for the filter that asks it', async (t) => {
  const marks = (pages: ErrorPages) =>
    mappers(pages).filter(({ headers_to_add }) =>
      headers_to_add?.some(({ header }) => header?.key === 'x-cep-failed-path'),
    )
  t.equal(marks({}).length, 0)
  const request = { authority: 'hub', beforeStatus: '/', beforePath: '', afterPath: '' }
  t.ok(marks({ target: { request, script: '' } }).length > 0)
})

t.test('a request that was refused to protect others may be tried again later', async (t) => {
  const waits = mappers({}).filter(({ headers_to_add }) =>
    headers_to_add?.some(({ header }) => header?.key === 'Retry-After'),
  )
  t.ok(waits.length >= 2)
})
