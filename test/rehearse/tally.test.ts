import t from 'tap'
import { Histogram } from '../../src/rehearse/histogram.js'
import { Tally } from '../../src/rehearse/tally/tally.js'

t.test('a gap lasts from when something was wanted that failed to the next success', async (t) => {
  const tally = new Tally(['ana', 'ben'])
  tally.success(0, 'poll', 900, 1_000)
  tally.failure(0, 'poll', 'status 503', 2_000, 2_500, 'GET /a')
  tally.failure(0, 'poll', 'reset', 3_000, 3_100, 'GET /a')
  tally.success(0, 'poll', 3_900, 4_000)
  tally.failure(0, 'save', 'refused', 5_000, 5_000, 'PUT /b')
  const [ana, ben] = tally.people.map((person) => person.record(5_700))
  t.match(ana, { requests: 5, failures: 3, gaps: 2, longestGapMs: 2_000, totalGapMs: 2_700 })
  t.match(ben, { requests: 0, failures: 0, gaps: 0, longestGapMs: 0 })
  t.strictSame(
    tally.failures
      .list()
      .map(({ kind, count, users, firstMs, lastMs, example }) => [...[kind, count, users, firstMs, lastMs, example]]),
    [
      ['status 503', 1, 1, 2_500, 2_500, 'GET /a'],
      ['reset', 1, 1, 3_100, 3_100, 'GET /a'],
      ['refused', 1, 1, 5_000, 5_000, 'PUT /b'],
    ],
  )
})

t.test('a broken websocket is a time without a kernel until there is another, whatever requests do', async (t) => {
  const tally = new Tally(['ana'])
  tally.websocketBroken(0, 1_000, 1_000, 'websocket /a')
  tally.success(0, 'poll', 1_100, 1_200)
  tally.failure(0, 'websocket', 'refused', 1_500, 1_600, 'websocket /a')
  tally.failure(0, 'kernel', 'refused', 1_600, 1_700, 'GET /a')
  tally.success(0, 'kernel', 3_900, 4_000)
  tally.success(0, 'websocket', 4_000, 4_100)
  t.match(tally.people[0]?.record(9_000), {
    ...{ websocketsBroken: 1, failures: 3, gaps: 0, longestGapMs: 0 },
    ...{ kernelGaps: 1, longestKernelGapMs: 3_100 },
  })
})

t.test('who leaves wants nothing more', async (t) => {
  const tally = new Tally(['ana'])
  tally.failure(0, 'poll', 'reset', 1_000, 1_000, 'GET /a')
  tally.people[0]?.leaves(1_800)
  t.match(tally.people[0]?.record(60_000), { gaps: 1, longestGapMs: 800 })
})

t.test('what is excused counts apart, also if it fails after the excuse', async (t) => {
  const tally = new Tally(['ana'])
  const ana = tally.people[0]
  ana?.excuse()
  tally.failure(0, 'poll', 'timeout', 1_000, 2_000, 'GET /a')
  tally.websocketBroken(0, 2_000, 2_000, 'websocket /a')
  ana?.endExcuse(3_000)
  tally.failure(0, 'poll', 'timeout', 2_900, 4_000, 'GET /a')
  t.match(ana?.record(9_000), { requests: 2, failures: 0, excused: 3, websocketsBroken: 0 })
  tally.failure(0, 'poll', 'timeout', 3_100, 5_000, 'GET /a')
  t.match(ana?.record(9_000), { failures: 1, excused: 3 })
  t.match(tally.endSecond(), { excused: 3, failures: { timeout: 1 }, websocketsBroken: 0 })
  t.strictSame(
    tally.failures.list().map(({ kind, excused, count }) => [kind, excused, count]),
    [
      ['timeout', true, 2],
      ['websocket broken', true, 1],
      ['timeout', false, 1],
    ],
  )
})

t.test('how long something took that an incident itself was in the way of is not judged', async (t) => {
  const tally = new Tally(['ana', 'ben'])
  tally.people[0]?.excuse()
  tally.people[0]?.endExcuse(20_000)
  for (const [user, wanted] of [
    [0, 19_000],
    [0, 20_500],
    [1, 19_000],
  ] as const) {
    tally.success(user, 'message', wanted, 21_000)
    tally.success(user, 'poll', wanted, 21_000)
  }
  const { latency, messageLatency, messages, requests } = tally.endSecond()
  t.match({ messages, requests }, { messages: 3, requests: 3 })
  for (const one of [latency, messageLatency]) {
    const histogram = new Histogram()
    histogram.add(one)
    t.equal(histogram.count, 2, "but that of ana's which was wanted before the end of the incident")
  }
})

t.test('who is without service when an excuse ends is so from then on, and not before', async (t) => {
  const tally = new Tally(['ana'])
  const ana = tally.people[0]
  ana?.excuse()
  tally.failure(0, 'poll', 'refused', 1_000, 1_000, 'GET /a')
  tally.websocketBroken(0, 1_000, 1_000, 'websocket /a')
  t.match(ana?.record(2_000), { gaps: 0, longestGapMs: 0, kernelGaps: 0 }, 'while it lasts')
  ana?.endExcuse(3_000)
  tally.success(0, 'poll', 3_900, 4_000)
  t.match(ana?.record(9_000), { gaps: 1, longestGapMs: 1_000, kernelGaps: 1, longestKernelGapMs: 6_000 })
  ana?.excuse()
  tally.success(0, 'websocket', 9_000, 9_500)
  ana?.endExcuse(9_600)
  t.match(ana?.record(9_900), { gaps: 1, kernelGaps: 0 }, 'what ends within an excuse does not count')
})

t.test('a second has what happened in it, and no more', async (t) => {
  const tally = new Tally(['ana'])
  tally.success(0, 'static', 0, 10)
  tally.success(0, 'message', 0, 20)
  tally.late(3.4)
  tally.traffic.received += 500
  t.match(tally.endSecond(), { at: 0, requests: 1, messages: 1, latenessMs: 3, bytesReceived: 500, failures: {} })
  t.match(tally.endSecond(), { at: 1, requests: 0, messages: 0, latenessMs: 0, bytesReceived: 0, latency: [] })
  tally.took('spawn', 1_500)
  t.strictSame(
    tally.acts().map(({ act, count, failed }) => [act, count, failed]),
    [
      ['static', 1, 0],
      ['message', 1, 0],
      ['spawn', 1, 0],
    ],
  )
})

t.test('more kinds of failures than there can be are counted as one', async (t) => {
  const tally = new Tally(['ana'])
  for (let i = 0; i < 300; i += 1) tally.failure(0, 'poll', `status ${i}`, 0, 1, 'GET /a')
  const kinds = tally.failures.list()
  t.equal(kinds.length, 101)
  t.match(kinds[0], { kind: 'other', count: 200 })
})
