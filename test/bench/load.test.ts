import t from 'tap'
import { readH2Load } from '../../bench/load/h2load.js'
import { readPaced, readWrk } from '../../bench/load/wrk.js'
import { loadShare, proxyShare, readProcessorList } from '../../bench/machine/shares.js'
import type { Choice } from '../../bench/suite/choice.js'
import { choose } from '../../bench/suite/choice.js'
import { bar } from '../../bench/suite/progress.js'

const WRK = '  1234 requests in 1.00s, 1.00MB read\n%\nRequests/sec:   1234.50\n'

t.test('requests and their rate are read from wrk; any failure is an error', async (t) => {
  t.strictSame(readWrk(WRK), { requests: 1234, rate: 1234.5 })
  t.throws(() => readWrk(WRK.replace('%', '  Non-2xx or 3xx responses: 3')), /Non-2xx/)
  t.throws(() => readWrk(WRK.replace('%', '  Socket errors: connect 0, read 1')), /Socket errors/)
  t.throws(() => readWrk(WRK.replace('1234 ', '0 ')), /wrk says/)
})

t.test('latencies at a steady rate are read from wrk', async (t) => {
  t.strictSame(readPaced(`${WRK}Within us: 100 2500 30000\n`), { rate: 1234.5, p50: 0.1, p99: 2.5, p999: 30 })
  t.throws(() => readPaced(WRK.replace('%', '  Socket errors: connect 0, read 1')), /Socket errors/)
})

t.test('latencies are read from the log of h2load; any failure is an error', async (t) => {
  const output = 'finished in 1.01s, 100.00 req/s, 12.11KB/s\n'
  const log = Array.from({ length: 100 }, (_, i) => `1795726254378982\t200\t${(i + 1) * 1000}\n`).join('')
  t.strictSame(readH2Load(output, log), { requests: 100, rate: 100, p50: 51, p99: 100, p999: 100 })
  t.throws(() => readH2Load(output, `${log}1\t503\t5\n`), /h2load says/)
  t.throws(() => readH2Load('', log), /h2load says/)
})

t.test('the proxy has a processor for each worker, and the load the others, as far as there are any', async (t) => {
  t.strictSame([proxyShare([0, 1], 1), loadShare([0, 1])], ['0', '1'])
  t.strictSame([proxyShare([0, 1], 2), loadShare([0, 1])], ['0,1', '1'])
  t.strictSame([proxyShare([2, 3, 6, 7], 2), loadShare([2, 3, 6, 7])], ['2,3', '6,7'])
  t.strictSame([proxyShare([0], 2), loadShare([0])], ['0', '0'])
  t.strictSame(readProcessorList('0-2,5'), [0, 1, 2, 5])
})

t.test('the progress bar fills', async (t) => {
  t.equal(bar('a work', 1, 4, 61), '[######                  ]  25 % 1:01 a work')
  t.match(bar('', 4, 4, 0), /^\[#{24}\] 100 % 0:00/)
})

t.test('--only takes contenders, works, or both', async (t) => {
  const named = (...names: string[]) => names.map((name) => ({ name, title: name }))
  const all = { contenders: named('ours', 'envoy'), works: named('table-1', 'table-100', 'get') } as unknown as Choice
  const names = (only: string[]) => {
    const { contenders, works } = choose(all, only)
    return [contenders.map(({ name }) => name).join(), works.map(({ name }) => name).join()]
  }
  t.strictSame(names([]), ['ours,envoy', 'table-1,table-100,get'])
  t.strictSame(names(['envoy']), ['envoy', 'table-1,table-100,get'])
  t.strictSame(names(['table-*']), ['ours,envoy', 'table-1,table-100'])
  t.strictSame(names(['get', 'ours']), ['ours', 'get'])
  t.throws(() => names(['gte']), /--only gte is neither/)
})
