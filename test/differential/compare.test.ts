import t from 'tap'
import { compare } from './compare.js'
import type { NamedDifference } from './differences.js'
import { nameOf } from './differences.js'
import type { Header } from './message.js'
import type { Observation, Observed } from './observation.js'

function message(line: string, headers: readonly Header[] = [], more: Partial<Observed> = {}): Observed {
  return { line, headers, framing: 'none', body: '', trailers: '', complete: true, ...more }
}

function answered(answer: Observed, interim = ''): Observation {
  return { heard: [{ step: 1, interim, answer }], seen: [] }
}

function seen(...requests: readonly Observed[]): Observation {
  const more = { by: 'backend', certificate: 'none', tunnelled: 0 }
  return { heard: [], seen: requests.map((request) => ({ ...request, ...more })) }
}

const OK = 'HTTP/1.1 200 OK'

t.test('the same is no difference, nor is the order of different headers or the time of day', async (t) => {
  const one: Header[] = [
    ['a', '1'],
    ['b', '2'],
    ['date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ]
  const other: Header[] = [
    ['date', 'Fri, 02 Jan 1970 00:00:00 GMT'],
    ['b', '2'],
    ['a', '1'],
  ]
  t.strictSame(compare(answered(message(OK, one)), answered(message(OK, other))), [])
})

t.test('whatever else differs is a difference', async (t) => {
  const plain = message(OK, [['a', '1']])
  const cases: Array<[chp: Observation, here: Observation, field: string]> = [
    [answered(plain), answered(message('HTTP/1.1 404 Not Found')), 'answer.status'],
    [answered(plain), answered(message('HTTP/1.0 200 OK', [['a', '1']])), 'answer.version'],
    [answered(plain), answered(message('HTTP/1.1 200 Fine', [['a', '1']])), 'answer.reason'],
    [answered(plain), answered(plain, 'HTTP/1.1 100 Continue'), 'answer.interim'],
    [answered(plain), answered(message(OK, [['a', '2']])), 'answer.header.a'],
    [answered(plain), answered(message(OK)), 'answer.header.a'],
    [answered(plain), answered(message(OK, [['A', '1']])), 'answer.header case'],
    [answered(plain), answered({ ...plain, framing: 'content-length: 0' }), 'answer.framing'],
    [answered(plain), answered({ ...plain, body: 'x' }), 'answer.body'],
    [answered(plain), answered({ ...plain, trailers: 'x: 1' }), 'answer.trailers'],
    [answered(plain), answered({ ...plain, complete: false }), 'answer.complete'],
    [answered(plain), { heard: [{ step: 1, fact: 'answer', value: 'none' }], seen: [] }, 'answer.status'],
    [answered(plain), { heard: [], seen: [] }, 'answer.status'],
    [{ heard: [{ step: 1, fact: 'connection', value: 'kept' }], seen: [] }, { heard: [], seen: [] }, 'connection'],
    [seen(message('GET / HTTP/1.1')), seen(message('GET /x HTTP/1.1')), 'seen.line'],
    [seen(message('GET / HTTP/1.1')), seen(), 'seen'],
    [seen(message('GET / HTTP/1.1')), seen(message('GET / HTTP/1.1'), message('GET / HTTP/1.1')), 'seen'],
  ]
  for (const [chp, here, field] of cases) {
    t.strictSame(
      compare(chp, here).map((difference) => difference.field),
      [field],
      field,
    )
    t.strictSame(
      compare(here, chp).map((difference) => difference.field),
      [field],
      `${field}, the other way round`,
    )
  }
})

t.test('the order of headers of one name counts', async (t) => {
  const [one, other]: [Header, Header] = [
    ['a', '1'],
    ['a', '2'],
  ]
  t.strictSame(compare(answered(message(OK, [one, other])), answered(message(OK, [other, one]))), [
    { field: 'answer.header.a', chp: '1 | 2', here: '2 | 1' },
  ])
})

t.test('a difference has the name of the first row that all of it fits', async (t) => {
  const row = (seen: NamedDifference['seen']): NamedDifference => ({ where: '', chp: '', here: '', reason: '', seen })
  const rows = [
    row({ byHand: 'never' }),
    row([{ field: 'a', of: /^other/ }]),
    row([{ field: 'b' }, { field: /^a/, chp: /^1$/, here: /^2$/ }]),
    row([{ field: 'a' }]),
  ]
  t.equal(nameOf({ field: 'a', chp: '1', here: '2' }, 'case', rows)?.row, rows[2])
  t.equal(nameOf({ field: 'a', chp: '1', here: '3' }, 'case', rows)?.row, rows[3])
  t.equal(nameOf({ field: 'a', chp: '1', here: '2' }, 'other case', rows)?.row, rows[1])
  t.equal(nameOf({ field: 'c', chp: '1', here: '2' }, 'case', rows), undefined)
})
