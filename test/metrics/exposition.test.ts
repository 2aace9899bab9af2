import t from 'tap'
import { Distributed, quantile } from '../../src/metrics/distribution.js'
import { counter, exposition, gauge, histogram, summary } from '../../src/metrics/exposition.js'

t.test("metrics are written in Prometheus' text format", async (t) => {
  const times = new Distributed([0.1, 1])
  for (const seconds of [0.05, 0.1, 0.5, 7]) times.observe(seconds)
  const text = exposition([
    counter('a_total', 'As', 3),
    gauge('b', 'Bs', [{ labels: { file: 'C:\\x"y\nz' }, value: 0.5 }]),
    gauge('none', 'Nothing', []),
    histogram('c_seconds', 'Cs', [{ labels: { kind: 'k' }, of: times }]),
  ])
  t.equal(
    text,
    `# HELP a_total As
# TYPE a_total counter
a_total 3

# HELP b Bs
# TYPE b gauge
b{file="C:\\\\x\\"y\\nz"} 0.5

# HELP none Nothing
# TYPE none gauge

# HELP c_seconds Cs
# TYPE c_seconds histogram
c_seconds_bucket{kind="k",le="0.1"} 2
c_seconds_bucket{kind="k",le="1"} 3
c_seconds_bucket{kind="k",le="+Inf"} 4
c_seconds_sum{kind="k"} 7.65
c_seconds_count{kind="k"} 4
`,
  )
})

t.test('a summary has the quantiles of its distribution, and zeros if it is empty', async (t) => {
  const times = new Distributed([1, 2, 4])
  for (const seconds of [0.5, 1.5, 1.7, 3]) times.observe(seconds)
  t.match(exposition([summary('s', 'S', times)]), /s\{quantile="0.5"\} 1.5\n[\s\S]*s_sum 6.7\ns_count 4\n/)
  t.match(exposition([summary('s', 'S', new Distributed([1]))]), /s\{quantile="0.99"\} 0\n[\s\S]*s_count 0\n/)
})

t.test('a quantile beyond the last bound is that bound', async (t) => {
  const times = new Distributed([1, 2])
  for (const seconds of [0.5, 9, 9, 9]) times.observe(seconds)
  t.equal(quantile(times, 0.99), 2)
  t.equal(quantile(times, 0.25), 1)
})
