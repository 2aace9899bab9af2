import t from 'tap'
import { Recents } from '../../src/operations/recent/recents.js'

const START = new Date('2030-01-02T03:04:05Z')

function recents() {
  let now = START
  const made = new Recents(() => now)
  return { recents: made, pass: (ms: number) => (now = new Date(now.getTime() + ms)), now: () => now }
}

/** A counter as Envoy reports it: its name, what was added, and its labels. */
function counter(name: string, value: number, labels: Readonly<Record<string, string>> = {}) {
  const label = Object.entries(labels).map(([key, text]) => ({ name: key, value: text }))
  return { name, metric: [{ label, counter: { value }, gauge: null, histogram: null }] }
}

const failure = (key: string, reason: string, value = 1) =>
  counter('failures.by_route', value, { route: `r:${key}`, reason })

t.test('failures of one reason in a row are one, with the first and the last time', async (t) => {
  const { recents: seen, pass } = recents()
  seen.reported('a', [failure('/x', 'connection_refused', 2)])
  pass(2000)
  seen.reported('b', [failure('/x', 'connection_refused'), failure('/y', 'closed'), failure('/x', 'closed', 0)])
  t.strictSame(seen.failures.of('/x'), [
    { code: 'connection_refused', first: START, last: new Date(START.getTime() + 2000), count: 3 },
  ])
  seen.reported('a', [failure('/x', 'closed')])
  t.strictSame(
    seen.failures.of('/x').map(({ code }) => code),
    ['closed', 'connection_refused'],
  )
})

t.test('failures before a route is chosen, and closed connections, belong to no route', async (t) => {
  const { recents: seen } = recents()
  seen.reported('a', [
    counter('failures.by_route', 1, { route: '-', reason: 'heap_full' }),
    counter('listener.downstream_global_cx_overflow', 7),
  ])
  t.match(seen.failures.ofNoRoute, [
    { code: 'connections_full', count: 7 },
    { code: 'heap_full', count: 1 },
  ])
})

t.test('however many routes fail in however many ways, memory is bounded', async (t) => {
  const { recents: seen } = recents()
  for (let route = 0; route < 2000; route += 1) seen.reported('a', [failure(`/${route}`, 'closed')])
  const kept = Array.from({ length: 2000 }, (_, route) => seen.failures.of(`/${route}`).length)
  t.equal(kept.filter((count) => count > 0).length, 500)
  t.strictSame(kept.slice(1500), Array(500).fill(1), 'those that failed last')
  for (let round = 0; round < 20; round += 1) {
    seen.reported('a', [failure('/x', round % 2 === 0 ? 'closed' : 'no_answer')])
    seen.rejected({ name: `r:/${round}`, version: '', reason: 'bad', outcome: 'undone', hasOther: false })
  }
  t.equal(seen.failures.of('/x').length, 5)
  for (let round = 0; round < 300; round += 1) seen.envoyDisconnected(String(round))
  t.equal(seen.events.all.length, 200)
})

t.test('requests under way are those that an Envoy of now reports', async (t) => {
  const { recents: seen, pass, now } = recents()
  const stream = (id: string, bytes: string, value = 1) =>
    counter('activity.stream', value, { stream: id, bytes, route: 'r:/x' })
  seen.reported('a', [stream('1', '0'), stream('1', '7'), stream('2', '0'), stream('3', '0', 0)])
  seen.reported('b', [stream('1', '0')])
  t.equal(seen.streams.of('/x', now()), 3, 'two of one, one of the other')
  pass(2000)
  seen.reported('a', [])
  t.equal(seen.streams.of('/x', now()), 1)
  pass(11_000)
  t.equal(seen.streams.of('/x', now()), 0, 'of an Envoy that is gone, none')
})

t.test('a change that could not be stored is over when a later one is', async (t) => {
  const { recents: seen } = recents()
  const full = new Error('the disk is full')
  seen.written('/x', full)
  seen.written('/x', full)
  t.match(seen.events.all, [{ kind: 'not_stored', subject: '/x', count: 2, reason: 'the disk is full', isOver: false }])
  t.strictSame(seen.unstoredSince, START)
  seen.written('/x', undefined)
  t.match(seen.events.all, [{ kind: 'not_stored', isOver: true }])
  t.equal(seen.unstoredSince, undefined)
})
