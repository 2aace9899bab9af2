import t from 'tap'
import type { Rehearsal } from '../../src/rehearse/record.js'
import { ownCostText } from '../../src/rehearse/run/own-cost.js'
import { madeUpRehearsal } from './made-up-rehearsal.js'

function costing(ownMs: number, command: readonly string[] | undefined, ...samples: number[][]): Rehearsal {
  const made = madeUpRehearsal()
  const processes = samples.map((times) => ({
    ...{ pid: 1, role: 'proxy' as const, command: 'proxy' },
    samples: times.map((cpuMs) => ({ atMs: 0, cpuMs, rssBytes: 1, pssBytes: 1, sockets: 1, files: 1, threads: 1 })),
  }))
  return { ...made, processes, generator: { ...made.generator, cpuMs: ownMs }, proxy: { ...made.proxy, command } }
}

t.test('what the rehearsal took is said beside what the proxy took', async (t) => {
  t.equal(
    ownCostText(costing(1_500, ['proxy'], [500, 2_000], [100, 1_000])),
    'The rehearsal itself took 1.5 s of the processor, the proxy 3.0 s.',
  )
  t.equal(
    ownCostText(costing(1_500, undefined, [60_000, 61_000])),
    'The rehearsal itself took 1.5 s of the processor, the proxy 1.0 s: more than what it measures.',
    'a proxy that ran before counts from the beginning of the rehearsal',
  )
  t.match(ownCostText(costing(1_500, undefined)), /can't be seen from here/)
})
