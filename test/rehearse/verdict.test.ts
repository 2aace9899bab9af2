import t from 'tap'
import { killedDeed, pidsKilledIn } from '../../src/rehearse/incidents/deeds.js'
import { usageOf } from '../../src/rehearse/processes/series.js'
import type { Rehearsal } from '../../src/rehearse/record.js'
import { sizingOf, sizingText } from '../../src/rehearse/verdict/sizing.js'
import { DEFAULT_THRESHOLDS } from '../../src/rehearse/verdict/thresholds.js'
import { judge, verdictText } from '../../src/rehearse/verdict/verdict.js'
import { histogramOf, incident, madeUpProcess, madeUpRehearsal, second, user } from './made-up-rehearsal.js'

/** What failed, each with its figure. */
function failed(more: Partial<Rehearsal>, thresholds = DEFAULT_THRESHOLDS): string[] {
  const { checks } = judge(madeUpRehearsal(more), thresholds)
  return checks.filter(({ outcome }) => outcome === 'fail').map(({ name, figure }) => `${name}: ${figure}`)
}

const calm = (): ReturnType<typeof second>[] => Array.from({ length: 120 }, (_, at) => second(at))

t.test('a rehearsal in which nothing went wrong passes, and every check has a figure', async (t) => {
  const verdict = judge(madeUpRehearsal())
  t.equal(verdict.status, 0)
  t.ok(verdict.checks.every(({ outcome, figure }) => outcome === 'pass' && figure !== ''))
  t.match(verdictText(verdict), /^The rehearsal has passed\.\nok .*failed requests +0 of 12,000 +\(at most 0\)/)
})

t.test('a failed request fails it, unless an incident that no proxy survives is going on', async (t) => {
  const seconds = calm()
  seconds[60] = second(60, { failures: { 'status 503': 3, refused: 1 }, websocketsBroken: 2 })
  const wanted = ['failed requests: 4 of 12,000 (3 status 503, 1 refused)', 'broken websockets: 2']
  t.strictSame(failed({ seconds }), wanted)
  t.equal(judge(madeUpRehearsal({ seconds })).status, 1)
  t.strictSame(failed({ seconds, incidents: [incident('envoy-killed', 58, 59)] }), [])
  t.strictSame(
    failed({ seconds, incidents: [incident('envoy-killed', 40, 44)] })[0],
    'failed requests: 4 of 10,100 (3 status 503, 1 refused)',
  )
  t.strictSame(failed({ seconds, incidents: [incident('route-churn', 58, 62)] }), wanted, 'one that should not matter')
  t.strictSame(failed({ seconds }, { ...DEFAULT_THRESHOLDS, maxFailures: 4, maxBrokenWebsockets: 2 }), [])
})

t.test('so do a gap of service, slow requests, slow messages, and users without a notebook', async (t) => {
  const users = [
    user('a', { gaps: 1, longestGapMs: 15_100, kernelGaps: 1, longestKernelGapMs: 45_100 }),
    user('b', { readyAfterMs: undefined }),
    user('c', { readyAfterMs: undefined, excused: 1 }),
    user('d', { readyAfterMs: undefined, arrivedMs: 100_000 }),
    user('e', { readyAfterMs: undefined, leftMs: 3_000 }),
  ]
  const slow = second(0, { latency: histogramOf(1_500), messageLatency: histogramOf(900) })
  t.strictSame(failed({ users, seconds: [slow] }), [
    'longest gap of service: 15.1 s, 1 of 5 users saw one',
    'longest time without a kernel: 45.1 s, 1 of 5 users saw one',
    'p99 of requests: 1,536 ms',
    'p99 of messages: 928 ms',
    'users who never got a notebook: 1 of 2',
  ])
})

t.test('and memory or sockets that grow while the users stay the same', async (t) => {
  const grows = madeUpProcess({ mib: (at) => 100 + at * 2, sockets: (at) => 50 + at * 20 })
  t.strictSame(failed({ processes: [grows] }), [
    'growth of memory: 178 MiB -> 322 MiB',
    "growth of sockets beside users' connections: 790 -> 2230",
  ])
  const restarted = [madeUpProcess({ to: 60, mib: () => 300 }), madeUpProcess({ pid: 101, from: 61, mib: () => 120 })]
  t.strictSame(failed({ processes: restarted }), ['processes that ended by themselves: proxy 100'])
  const short = madeUpRehearsal({ seconds: calm().slice(0, 40), durationMs: 40_000 })
  const unknown = judge(short).checks.filter(({ outcome }) => outcome === 'unknown')
  t.match(unknown, [{ name: 'growth of memory', figure: 'too short to tell' }, { name: /growth of sockets/ }])
})

t.test('a process that an incident killed did not end by itself', async (t) => {
  const what = killedDeed([{ pid: 100, role: 'proxy', startTime: '1', command: '' }])
  t.strictSame(pidsKilledIn(what), [100])
  t.strictSame(pidsKilledIn('deleted 100 routes'), [])
  const processes = [madeUpProcess({ to: 60 }), madeUpProcess({ pid: 101, from: 61 })]
  const killed = incident('proxy-killed', 60, 61, { deeds: [{ atMs: 60_000, what }] })
  t.strictSame(failed({ processes, incidents: [killed] }), [])
})

t.test('routes that are wrong at the end', async (t) => {
  t.strictSame(failed({ table: { wanted: 11, missing: 1, stale: 0 } }), [
    'routes that are wrong at the end: 1 missing, 0 stale, of 11',
  ])
})

t.test("it can't be judged if the generator was slow, or not all happened that should", async (t) => {
  const limited = madeUpRehearsal({
    generator: { ...madeUpRehearsal().generator, limits: ['a thread was busy all the time.'] },
    users: [user('a', { gaps: 1, longestGapMs: 60_000 })],
  })
  t.match(judge(limited), { status: 2, doubts: ['The rehearsal itself was a limit: a thread was busy all the time.'] })
  t.match(verdictText(judge(limited)), /^The rehearsal can't be judged\.\nThe rehearsal itself/)
  const leaks = [madeUpProcess({ sockets: (at) => 50 + at * 20 })]
  t.equal(judge({ ...limited, processes: leaks }).status, 1, 'but sockets that it never closes are its own')
  t.match(judge(madeUpRehearsal({ ended: 'interrupted' })), { status: 2, doubts: ['It was interrupted.'] })
  const broken = incident('table-lost', 1, 2, { failed: 'the disk is full' })
  t.match(judge(madeUpRehearsal({ incidents: [broken] })), {
    status: 2,
    doubts: ['table-lost could not be done: the disk is full'],
  })
  const { options } = madeUpRehearsal()
  t.match(judge(madeUpRehearsal({ options: { ...options, incidents: ['table-lost'] } })).doubts, [
    '1 of 1 incidents did not begin.',
  ])
  const nobody = Array.from({ length: 10 }, (_, index) => user(`u${index}`, { readyAfterMs: undefined, leftMs: 900 }))
  t.match(judge(madeUpRehearsal({ users: nobody })), { status: 2, doubts: [/Nobody got as far as a notebook.*--for/] })
  const table = { wanted: 11, missing: 1, stale: 0 }
  t.equal(judge(madeUpRehearsal({ ended: 'interrupted', table })).status, 1, 'what was seen to fail has failed')
})

t.test('an incident that does not apply is named, and neither passes nor fails', async (t) => {
  const none = incident('envoy-killed', 60, 60, { applicable: false, failed: 'it has no Envoy' })
  t.match(judge(madeUpRehearsal({ incidents: [none] })), {
    status: 0,
    doubts: [],
    notApplicable: ['envoy-killed does not apply: it has no Envoy.'],
  })
})

t.test("memory is a process's own, whoever else here has the same libraries", async (t) => {
  const process = madeUpProcess({ to: 0 })
  const shared = { ...process, samples: process.samples.map((sample) => ({ ...sample, pssBytes: 1 })) }
  t.equal(usageOf([shared], 1)[0]?.memoryBytes, 100 * 1024 * 1024)
})

t.test("a second's usage is that of all processes, and a late sample leaves no hole", async (t) => {
  const [one, other] = [madeUpProcess({ to: 3 }), madeUpProcess({ pid: 101, from: 2, to: 3, cpus: () => 1 })]
  const late = { ...one, samples: one.samples.filter((_, index) => index !== 1) }
  const usage = usageOf([late, other], 6)
  t.strictSame(
    usage.map((each) => each && [each.cpus, each.memoryBytes / 1024 / 1024, each.sockets]),
    [[0, 100, 50], [0, 100, 50], [0.5, 200, 100], [1.5, 200, 100], undefined, undefined],
  )
})

t.test('the size to request follows from what was measured, with its margin', async (t) => {
  const peak = madeUpProcess({ cpus: (at) => (at === 60 ? 2 : 0.5), mib: (at) => (at === 60 ? 350 : 100) })
  t.match(sizingOf(madeUpRehearsal({ processes: [peak] })), {
    requests: { cpus: 0.8, memoryMib: 420 },
    limits: { cpus: 1.3, memoryMib: 530 },
    measured: { memoryMib: 350 },
  })
  t.match(
    sizingText(madeUpRehearsal({ processes: [peak] })),
    /^for 10 users of profile lecture: requests 0\.8 CPU, 420 MiB; limits 1\.3 CPU, 530 MiB\n.*used up to 0.65 CPU .* 350 MiB\.\n.*CPU: 20 %.*100 %.*memory: 20 % and 50 %\.$/,
  )
  t.equal(sizingText(madeUpRehearsal({ processes: [] })), undefined)
})

t.test('the defaults of the thresholds are those of the options', async (t) => {
  t.strictSame(DEFAULT_THRESHOLDS, {
    ...{ maxFailures: 0, maxGap: 15, maxBrokenWebsockets: 0, maxP99: 1_000, maxMessageP99: 500, maxGrowth: 25 },
  })
})
