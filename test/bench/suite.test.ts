import t from 'tap'
import type { Contender, RunningProxy } from '../../bench/contenders/contender.js'
import type { SuiteInput } from '../../bench/suite/suite.js'
import { groupsOf, Suite } from '../../bench/suite/suite.js'
import type { FreshWork, Scene, StandingWork } from '../../bench/works/work.js'

const RATE = { rate: { title: 'requests a second', unit: 'req/s' } } as const
const RUNNING: RunningProxy = { port: 1, pids: async () => ({ data: [], control: [] }), stop: async () => {} }

/** Contenders that only write down what is done with them. */
function world(rounds: number, works: SuiteInput['works'], failing?: string) {
  const events: string[] = []
  const contender = (name: 'ours' | 'envoy'): Contender => ({
    name,
    title: name,
    install: '',
    version: async () => '1',
    start: async () => {
      if (name === failing) throw new Error('it ended')
      events.push(`start ${name}`)
      return { ...RUNNING, stop: async () => void events.push(`stop ${name}`) }
    },
  })
  const stage = {
    effort: { rounds, seconds: 1, calls: 1, mostRoutes: 1 },
    setup: () => ({}),
  } as unknown as SuiteInput['stage']
  const stopped = new AbortController()
  const suite = new Suite({
    contenders: [contender('ours'), contender('envoy')],
    works,
    stage,
    signal: stopped.signal,
    progress: () => {},
    warmUp: async () => {},
  })
  return { suite, events, stopped }
}

function standing(name: string, measure: StandingWork['measure'], scene: Scene = { users: 1 }): StandingWork {
  return { name, title: name, figures: RATE, contenders: ['ours', 'envoy'], scene, measure }
}

t.test('contenders stand together, take turns within a round, and are stopped', async (t) => {
  const seen: string[] = []
  const { suite, events } = world(3, [
    standing('a', async ({ contender }) => {
      seen.push(contender.name)
      return { rate: seen.length }
    }),
  ])
  await suite.run()
  t.strictSame(seen, ['ours', 'envoy', 'envoy', 'ours', 'ours', 'envoy'])
  t.strictSame(events, ['start ours', 'start envoy', 'stop ours', 'stop envoy'])
  t.strictSame(
    suite.samples.filter(({ contender }) => contender === 'ours').map(({ round, values }) => [round, values.rate]),
    [
      [1, 1],
      [2, 4],
      [3, 5],
    ],
  )
})

t.test('a contender that fails at a work is left out of it; the others, and other works, go on', async (t) => {
  const { suite, events } = world(2, [
    standing('a', async ({ contender }) => {
      if (contender.name === 'envoy') throw new Error('no')
      return { rate: 1 }
    }),
    standing('b', async () => ({ rate: 2 })),
  ])
  await suite.run()
  t.strictSame(suite.failures, [{ work: 'a', contender: 'envoy', error: 'no' }])
  const count = (work: string, name: string) =>
    suite.samples.filter((sample) => sample.work === work && sample.contender === name).length
  t.strictSame([count('a', 'ours'), count('a', 'envoy'), count('b', 'ours'), count('b', 'envoy')], [2, 0, 2, 2])
  t.strictSame(events.slice(-2), ['stop ours', 'stop envoy'])
})

t.test('a contender that cannot be started fails at all works of the scene, with the reason', async (t) => {
  const works = [standing('a', async () => ({ rate: 1 })), standing('b', async () => ({ rate: 1 }))]
  const { suite } = world(1, works, 'ours')
  await suite.run()
  t.strictSame(suite.failures, [
    { work: 'a', contender: 'ours', error: 'it ended' },
    { work: 'b', contender: 'ours', error: 'it ended' },
  ])
  t.strictSame(
    suite.samples.map(({ contender }) => contender),
    ['envoy', 'envoy'],
  )
})

t.test('a run that is interrupted measures no more, and stops what stands', async (t) => {
  const { suite, events, stopped } = world(5, [
    standing('a', async () => {
      stopped.abort()
      return { rate: 1 }
    }),
  ])
  await suite.run()
  t.equal(suite.samples.length, 1)
  t.strictSame(events.slice(-2), ['stop ours', 'stop envoy'])
})

t.test('works that follow one another in the same scene share its proxies', async (t) => {
  const fresh: FreshWork = { name: 'f', title: 'f', figures: RATE, contenders: [], measureFresh: async () => ({}) }
  const one = standing('one', async () => ({}))
  const same = standing('same', async () => ({}), { users: 1, workers: 1, tls: false })
  const other = standing('other', async () => ({}), { users: 1, tls: true })
  t.strictSame(groupsOf([one, same, other, fresh, one]), [
    { scene: one.scene, standing: [one, same] },
    { scene: other.scene, standing: [other] },
    { fresh },
    { scene: one.scene, standing: [one] },
  ])
})
