import { randomUUID } from 'node:crypto'
import t from 'tap'
import { Questions } from '../../src/fleet/questions.js'
import { SYSTEM_CLOCK } from '../../src/platform/clock.js'
import { SharedRoutes } from '../support/shared-store.js'

for (const [address, expected] of [
  [undefined, /neither can reach the other: only the one that was started last takes changes/],
  ['10.0.0.1:18000', /has the same address, 10\.0\.0\.1:18000: give each its own --member-address/],
] as const) {
  t.test(`two control planes with ${address ?? 'no'} address are told so, once`, async (t) => {
    const shared = new SharedRoutes()
    const log: string[] = []

    const begin = () =>
      new Questions({
        ...{ store: shared.open(), address, clock: SYSTEM_CLOCK, tell: () => {} },
        newId: randomUUID,
        log: { info: (line) => log.push(line), warn: (line) => log.push(line) },
      })
    const [one, other] = [begin(), begin()]
    await one.firstJoin()
    await one.list()
    await other.firstJoin()
    await other.list()
    t.strictSame(log, [], 'whoever starts takes the place of the other one, which may have ended')
    await one.joinAgain()
    for (const questions of [one, other, one]) await questions.list()
    t.match(log, [expected, expected])
    t.equal(log.length, 2)
  })
}
