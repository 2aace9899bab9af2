import type { Metric__Output } from '#proto/io/prometheus/client/Metric.js'
import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'

type Labels = Readonly<Record<string, string>>

/** A counter as Envoy reports it: its name, what was added, and its labels. */
export function counter(name: string, value: number, labels: Labels = {}): MetricFamily__Output {
  return family(name, labels, { counter: { value } })
}

export function gauge(name: string, value: number, labels: Labels = {}): MetricFamily__Output {
  return family(name, labels, { gauge: { value } })
}

/** @param atMost how many values are at most each bound; all are at most the last one */
export function histogram(
  name: string,
  sum: number,
  atMost: Readonly<Record<number, number>>,
  labels: Labels = {},
): MetricFamily__Output {
  const buckets = Object.entries(atMost).map(([bound, count]) => [Number(bound), count] as const)
  return family(name, labels, {
    histogram: {
      sample_count: String(buckets.at(-1)?.[1] ?? 0),
      sample_sum: sum,
      bucket: buckets.map(([bound, count]) => ({ upper_bound: bound, cumulative_count: String(count) })),
    },
  })
}

/** Labels of the statistics of users' port. */
export const PUBLIC = { 'envoy.http_conn_manager_prefix': 'public' }

function family(name: string, labels: Labels, value: Partial<Metric__Output>): MetricFamily__Output {
  const label = Object.entries(labels).map(([key, text]) => ({ name: key, value: text }))
  return { name, metric: [{ label, counter: null, gauge: null, histogram: null, ...value }] }
}
