import t from 'tap'
import { figuresOf, worse } from '../../bench/rehearsals/figures.js'
import { incidentTables } from '../../bench/rehearsals/incidents.js'
import { outageCells } from '../../bench/rehearsals/outage.js'
import { judge } from '../../src/rehearse/verdict/verdict.js'
import { badDay } from '../rehearse/bad-day.js'
import { incident, madeUpProcess, madeUpRehearsal } from '../rehearse/made-up-rehearsal.js'

const judged = (rehearsal: ReturnType<typeof madeUpRehearsal>) => ({ ...rehearsal, verdict: judge(rehearsal) })

t.test('the tables have both verdicts with their reasons, and say where CHP did better', async (t) => {
  const [bad, good] = [figuresOf(judged(badDay())), figuresOf(judged(madeUpRehearsal()))]
  const tables = incidentTables([
    { incident: 'proxy-killed', figures: { 'chp-5': bad, this: good } },
    { incident: 'table-lost', figures: { 'chp-5': good, this: bad } },
  ])
  t.match(
    tables,
    /\| `proxy-killed` \| failed: failed requests: 20 of [^|]*; longest gap of service: 40\.0 s[^|]* \| passed \|/,
  )
  t.match(tables, /\| `table-lost` \| CHP 5\.3\.0 \| 0 \| 0 \| 0 ms \| 0 \| 0 ms \| 12 ms \| 100 MiB \|/)
  t.match(
    tables,
    /\n- `table-lost`: failed requests 40, not 0; longest gap 40 s, not 0 ms; memory 140 MiB, not 100 MiB$/,
  )
  t.notMatch(tables, /- `proxy-killed`/)
})

t.test('noise is no loss, and what does not apply is none', async (t) => {
  const figures = figuresOf(judged(madeUpRehearsal()))
  t.strictSame(worse({ ...figures, p99Ms: figures.p99Ms * 1.1 }, figures), [])
  const none = incident('envoy-killed', 60, 60, { applicable: false, failed: 'it has no Envoy' })
  const chp = figuresOf(judged(madeUpRehearsal({ incidents: [none] })))
  t.equal(chp.verdict, 'does not apply')
  const tables = incidentTables([
    { incident: 'envoy-killed', figures: { 'chp-5': chp, this: figuresOf(judged(badDay())) } },
  ])
  t.match(tables, /- nowhere$/)
})

t.test('the outage shows how a proxy grew', async (t) => {
  const grows = madeUpProcess({ mib: (at) => 100 + at, sockets: (at) => 50 + 10 * at })
  t.match(outageCells(judged(madeUpRehearsal({ processes: [grows] }))), [
    'failed',
    '350 -> 1,230',
    '130 MiB -> 218 MiB',
    /^growth of memory: /,
  ])
})
