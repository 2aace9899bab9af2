// Small rehearsals in which things go wrong, against real proxies.
import t from 'tap'
import { planIncidents } from '../../src/rehearse/incidents/plan.js'
import type { Rehearsal } from '../../src/rehearse/record.js'
import { rehearse } from '../../src/rehearse/run/rehearse.js'
import { DEFAULT_THRESHOLDS } from '../../src/rehearse/verdict/thresholds.js'
import { judge } from '../../src/rehearse/verdict/verdict.js'
import { CHP } from '../support/chp.js'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI } from '../support/proxy.js'

const COURSE = { profile: 'exam', users: 6, seed: 7, forMs: 20_000, rampMs: 2_000 } as const

function rehearsed(program: string, ...asked: readonly string[]): Promise<Rehearsal> {
  const target = { kind: 'own', command: `${PLAIN_NODE.join(' ')} ${program}` } as const
  const settings = { ...COURSE, target, incidents: planIncidents(asked, COURSE), isMine: false }
  return rehearse(settings, { onSecond: () => {}, onNote: () => {} }, new AbortController().signal)
}

/** The checks that failed, but for those of time: they say nothing beside another load. */
function failed(rehearsal: Rehearsal): string[] {
  const { checks } = judge(rehearsal, { ...DEFAULT_THRESHOLDS, maxGap: 60 })
  return checks.filter(({ name, outcome }) => outcome === 'fail' && !name.startsWith('p99')).map(({ name }) => name)
}

t.test('Envoy is killed, then every route is added again, and this proxy passes', async (t) => {
  const rehearsal = await rehearsed(CLI, 'envoy-killed@6s', 'repopulate@12s')
  t.match(rehearsal.incidents, [
    { name: 'envoy-killed', applicable: true, deeds: [{ what: /^killed envoy \d+$/ }, { what: /accepts/ }] },
    { name: 'repopulate', deeds: [{ what: /deleted every route/ }, { what: `added ${COURSE.users + 1} routes` }] },
  ])
  t.strictSame(failed(rehearsal), [])
  t.equal(rehearsal.processes.filter(({ role }) => role === 'envoy').length, 2, 'the one that was killed, and the next')
  t.ok(
    rehearsal.users.some(({ excused }) => excused > 0),
    'websockets broke with Envoy, which is the own doing of the incident',
  )
})

t.test('CHP has no Envoy; it is killed, and its hub starts it again', async (t) => {
  const rehearsal = await rehearsed(CHP, 'envoy-killed@5s', 'proxy-killed@6s')
  t.match(rehearsal.incidents, [
    { name: 'envoy-killed', applicable: false, failed: 'it has no Envoy' },
    { name: 'proxy-killed', applicable: true, failed: undefined },
  ])
  t.match(judge(rehearsal).notApplicable, ['envoy-killed does not apply: it has no Envoy.'])
  t.equal(rehearsal.processes.filter(({ role }) => role === 'proxy').length, 2)
  t.ok(
    rehearsal.users.some(({ longestKernelGapMs }) => longestKernelGapMs > 0),
    'users were without their kernels; whether anybody wanted a page just then is chance',
  )
  t.strictSame(failed(rehearsal), [])
})
