import t from 'tap'
import { Events } from '../../src/fleet/events.js'
import type { Input } from '../../src/fleet/protocol/input.js'

t.test(
  'an event that was applied when the store was set back says nothing of a later one of its revision',
  async (t) => {
    const told: Input[] = []
    const applying: Array<() => void> = []
    const events = new Events({
      questions: { reload: async () => undefined, settled: async () => {} },
      tell: (input, reported) => {
        told.push(input)
        if (reported !== undefined) events.apply(reported)
      },
      onSetBack: (revision) => told.push({ type: 'event', revision }),
    })
    events.begin(() => new Promise((resolve) => applying.push(resolve)), 4n)
    const event = (revision: bigint) => ({ revision, key: '/a', route: undefined })
    const [first, second] = [events.report(event(5n)), events.report(event(6n))]
    applying[0]?.()
    await first
    await new Promise(setImmediate)
    t.match(told, [{ type: 'event' }, { type: 'event' }, { type: 'applied', revision: 5n }])
    told.length = 0
    events.report(event(3n))
    applying[1]?.()
    await second
    await new Promise(setImmediate)
    t.strictSame(told, [{ type: 'event', revision: 3n }], 'that it is set back, and no more')
  },
)
