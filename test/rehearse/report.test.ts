import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { chart } from '../../src/rehearse/report/chart.js'
import { comparisonPage, comparisonText } from '../../src/rehearse/report/compare.js'
import { reportPage } from '../../src/rehearse/report/page.js'
import { readReport } from '../../src/rehearse/report/read.js'
import { prepareReport, readStyle, writeReport } from '../../src/rehearse/report/write.js'
import { judge } from '../../src/rehearse/verdict/verdict.js'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI } from '../support/proxy.js'
import { badDay } from './bad-day.js'
import { incident, madeUpProcess, madeUpRehearsal, user } from './made-up-rehearsal.js'

t.test('the report says what happened: verdict, figures, incidents, failures, users', async (t) => {
  const day = badDay()
  const page = reportPage(day, judge(day), await readStyle())
  for (const text of [
    /The rehearsal has failed/,
    /configurable-http-proxy 4\.6\.3; 10 users of profile lecture/,
    /<span class="tag red">failed<\/span><\/td><td>failed requests<\/td>/,
    /1\. proxy-killed, 1:00 to 1:05/,
    /1:00 killed proxy 100/,
    /requests [\d.]+ CPU, \d+ MiB/,
    /status 503<\/td><td>counts<\/td>/,
    /rehearsal-3<\/td>/,
    /<span class="mark" style="left:50\.00%;width:4\.17%" title="proxy-killed">1<\/span>/,
    /The proxy&#39;s sockets/,
  ]) {
    t.match(page, text)
  }
})

t.test('it takes nothing from elsewhere and runs nothing', async (t) => {
  const day = badDay()
  const page = reportPage(day, judge(day), await readStyle())
  t.notMatch(page, /<script|<link|<img|url\(|@import|src=/)
  const hostile = madeUpRehearsal({ users: [user('<script>alert(1)</script>', { failures: 1 })] })
  t.match(reportPage(hostile, judge(hostile), ''), /&lt;script&gt;alert/)
})

t.test('a plot has a line a series, breaks where there is no value, and says its greatest values', async (t) => {
  const values = [1, 2, undefined, 4, 40]
  const drawn = chart({ title: 'Failures', written: String, lines: [{ label: 'all', values }] }, []).toString()
  t.match(drawn, /aria-label="Failures over time: all at most 40"/)
  t.match(drawn, /d="M100\.0,98\.0h0\.1L300\.0,96\.0M700\.0,92\.0h0\.1L900\.0,20\.0"/)
  t.match(drawn, /<span>50<\/span><span>25<\/span><span>0<\/span>/)
  const long = { label: 'all', values: Array.from({ length: 3_600 }, (_, at) => at % 2) }
  const points = chart({ title: 'x', written: String, lines: [long] }, [])
    .toString()
    .match(/[ML][\d.]+,/g)
  t.ok((points?.length ?? 0) <= 510, 'an hour has no more points than can be seen')
})

t.test('it is written with its JSON, which can be read again', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const rehearsal = madeUpRehearsal()
  const target = join(directory, 'a', 'b')
  await writeReport(target, rehearsal, judge(rehearsal))
  t.match(await readFile(join(target, 'report.html'), 'utf8'), /^<!doctype html>/)
  const { verdict, ...again } = await readReport(join(target, 'rehearsal.json'))
  t.match(again.users, rehearsal.users)
  t.equal(verdict.status, 0)
  await writeFile(join(directory, 'other.json'), '{"seconds": []}')
  await t.rejects(readReport(join(directory, 'other.json')), /is not the rehearsal\.json of a report/)
  await t.rejects(readReport(join(directory, 'none.json')), /none\.json can't be read: ENOENT/)
  const below = join(directory, 'other.json', 'x')
  t.equal(await prepareReport(join(directory, 'new')), false)
  t.equal(await prepareReport(target), true, 'an earlier report is there')
  await t.rejects(prepareReport(below), /The report can't be written to .*: ENOTDIR/, 'which is known before')
  await t.rejects(writeReport(below, rehearsal, judge(rehearsal)), /The report can't be written to .*: ENOTDIR/)
})

t.test('two rehearsals stand side by side, as text and as a page', async (t) => {
  const judged = (rehearsal: ReturnType<typeof madeUpRehearsal>) => ({ ...rehearsal, verdict: judge(rehearsal) })
  const good = madeUpRehearsal({
    proxy: { ...madeUpRehearsal().proxy, kind: 'this', name: 'configurable-envoy-proxy', version: '0.1.0' },
    processes: [madeUpProcess({ role: 'envoy', mib: () => 60 })],
    incidents: [incident('proxy-killed', 60, 61)],
  })
  const pair = [judged(badDay()), judged(good)] as const
  const text = comparisonText(pair)
  t.match(text, /^ +configurable-http-proxy 4\.6\.3 +configurable-envoy-proxy 0\.1\.0\n/)
  t.match(text, /\nverdict +failed +passed\n/)
  t.match(text, /\nsize to request +0\.6 CPU, 170 MiB; limits 1 CPU, 210 MiB +0\.6 CPU/)
  t.match(text, /\nmemory at most +[\d.]+ MiB +60 MiB\n/)
  const page = comparisonPage(pair, '')
  t.match(page, /<span class="tag red">failed<\/span> 20 of/)
  t.match(page, /<path class="line c1"/)
})

t.test('`rehearse compare` takes two files, no more and no fewer', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  t.teardown(() => rm(directory, { recursive: true }))
  for (const [name, rehearsal] of [['bad', badDay()] as const, ['good', madeUpRehearsal()] as const]) {
    await writeReport(join(directory, name), rehearsal, judge(rehearsal))
  }
  const [bad, good] = [join(directory, 'bad', 'rehearsal.json'), join(directory, 'good', 'rehearsal.json')]
  const compare = (...args: string[]) => {
    const [node, ...before] = PLAIN_NODE
    return promisify(execFile)(node, [...before, CLI, 'rehearse', 'compare', ...args])
  }
  const { stdout } = await compare(bad, good, '--html', join(directory, 'page.html'))
  t.match(stdout, /\nverdict +failed +passed\n/)
  t.match(await readFile(join(directory, 'page.html'), 'utf8'), /<h1>Two rehearsals/)
  await t.rejects(compare(bad), /compare takes two files/)
})
