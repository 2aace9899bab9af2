import t from 'tap'
import type { Result } from '../../src/doctor/model/check.js'
import { anyCheck, failed, Inapplicable, ok, undone } from '../../src/doctor/model/check.js'
import { asJson, asText, exitStatusOf } from '../../src/doctor/report.js'
import { START_CHECKS } from '../../src/doctor/start-checks.js'
import { commandLine } from '../support/command-line.js'

const check = { code: 'CEP0101', question: 'Is it?', fatal: true, remedy: 'mend it' } as const
const result = (state: Result['state'], fatal = true): Result => ({ ...check, fatal, state, finding: 'it\nis' })

t.test('the exit status says whether something is fatal, and whether anything is not well', async (t) => {
  t.equal(exitStatusOf([result('ok'), result('inapplicable')]), 0)
  t.equal(exitStatusOf([result('ok'), result('failed'), result('undone')]), 1)
  t.equal(exitStatusOf([result('failed', false)]), 2)
  t.equal(exitStatusOf([result('undone')]), 2)
})

t.test('people see what is worst first, each with what to do', async (t) => {
  const text = asText({ subject: 'A start', results: [result('ok'), result('failed', false), result('failed')] })
  const [subject, , fatal = '', remedy, mend] = text.split('\n')
  t.equal(subject, 'A start')
  t.match(fatal, /^FATAL +CEP0101 +Is it\? it\\u\{a\}is$/, 'one line')
  t.match(remedy, /-> mend it/)
  t.match(mend, /^mend/)
  t.match(text, /1 fatal, 1 to mend, 0 not known, 1 well, 0 that don't apply: a start would fail/)
})

t.test('programs get everything', async (t) => {
  const report = JSON.parse(asJson({ subject: 'A start', results: [result('failed'), result('ok')] }))
  t.match(report, {
    subject: 'A start',
    status: 1,
    checks: [
      { ...check, state: 'failed' },
      { code: 'CEP0101', state: 'ok' },
    ],
  })
  t.notOk('remedy' in report.checks[1])
})

t.test('a check that can not be made says why, and is not well', async (t) => {
  const of = (gather: () => Promise<unknown>, limitMs = 1000) =>
    anyCheck({ ...check, gather, judge: () => ok('it is') }, limitMs).make(undefined)
  t.match(await of(async () => {}), { state: 'ok', finding: 'it is', remedy: 'mend it' })
  t.match(await of(() => Promise.reject(new Error('no right.'))), undone('no right'))
  t.match(await of(() => Promise.reject(new Inapplicable('not given'))), {
    state: 'inapplicable',
    finding: 'not given',
  })
  t.match(await of(() => new Promise(() => {}), 5), { state: 'undone', finding: /no answer within/ })
  const own = anyCheck({ ...check, gather: async () => {}, judge: () => failed('it is not', 'this one') })
  t.match(await own.make(undefined), { state: 'failed', remedy: 'this one' })
})

t.test('codes are unique, and an unknown one is an error', async (t) => {
  const codes = START_CHECKS.map(({ code }) => code)
  t.equal(new Set(codes).size, codes.length)
  for (const { code, question } of START_CHECKS) t.match(`${code} ${question}`, /^CEP\d{4} [A-Z].*\?$/)
  const { code, stderr } = await commandLine(['doctor', '--only', 'CEP0201,CEP9999'])
  t.equal(code, 1)
  t.match(stderr, /--only CEP9999: there is no such check/)
})
