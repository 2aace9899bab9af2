import t from 'tap'
import { EventRun } from '../../src/fleet/protocol/run.js'

t.test('a member has acknowledged the last of the events that are acknowledged without a gap', async (t) => {
  const run = new EventRun()
  run.loaded(10n)
  for (const revision of [11n, 12n, 14n]) t.ok(run.reported(revision))
  run.applied(12n)
  t.equal(run.acknowledged, 10n, 'an earlier one is missing')
  run.applied(11n)
  t.equal(run.acknowledged, 12n)
  run.applied(14n)
  t.equal(run.acknowledged, 14n)
})

t.test('events of one revision count when all of them are acknowledged', async (t) => {
  const run = new EventRun()
  for (const revision of [1n, 2n, 2n]) run.reported(revision)
  run.applied(1n)
  run.applied(2n)
  t.equal(run.acknowledged, 1n)
  run.applied(2n)
  t.equal(run.acknowledged, 2n)
})

t.test('a snapshot replaces the events that it has', async (t) => {
  const run = new EventRun()
  for (const revision of [1n, 2n, 5n]) run.reported(revision)
  run.loaded(3n)
  t.equal(run.acknowledged, 3n)
  t.notOk(run.reported(3n), 'a late one is not applied')
  run.applied(2n)
  run.applied(5n)
  t.equal(run.acknowledged, 5n)
})
