import t from 'tap'
import { ReportReader } from '../../src/activity/report.js'
import { counter } from '../support/report.js'

const answered = (route: string, value = 1) => counter('activity.answered', value, { route })
const stream = (id: string, bytes: number) =>
  counter('activity.stream', 1, { stream: id, bytes: String(bytes), route: 'r:/a' })

t.test('a counter that nothing was added to, or that is of no route, makes none active', async (t) => {
  const read = (...report: Parameters<ReportReader['read']>[0]) => [...new ReportReader().read(report).active]
  t.strictSame(read(answered('r:/a', 2), answered('r:/b', 0), counter('activity.body', 5, { route: 'r:/c' })), [
    '/a',
    '/c',
  ])
  t.strictSame(read(answered('-'), answered('error_pages'), answered('')), [])
  t.strictSame(read(counter('http.public.downstream_rq_total', 9, { route: 'r:/a' })), [])
  t.strictSame(read(counter('activity.answered', 1, {}), { name: 'activity.answered', metric: [] }), [])
})

t.test('of a stream only bytes that were not there in the report before count', async (t) => {
  const reader = new ReportReader()
  const read = (...report: Parameters<ReportReader['read']>[0]) => [...reader.read(report).active]
  t.strictSame(read(stream('old', 10)), [], 'nobody knows when the bytes before the first report came')
  t.strictSame(read(stream('old', 10), stream('new', 0)), [])
  t.strictSame(read(stream('old', 10), stream('new', 0), stream('new', 7)), ['/a'])
  t.strictSame(read(stream('new', 7), stream('new', 0), stream('old', 10)), [], 'names of before stay for some seconds')
  t.strictSame(read(stream('new', 7), stream('old', 11)), ['/a'])
  t.strictSame(read(stream('newer', 3)), ['/a'], 'one that had no bytes in the report before, since it was not there')
  t.strictSame(new ReportReader().read([stream('new', 7)]).active.size, 0, 'another Envoy is another story')
})

t.test('routes that could not be reached are told, and are not active for that', async (t) => {
  const unreachable = (route: string, value = 1) => counter('activity.unreachable', value, { route })
  const { active, unreachable: found } = new ReportReader().read([unreachable('r:/a'), unreachable('r:/b', 0)])
  t.strictSame([...found], ['/a'])
  t.equal(active.size, 0)
})
