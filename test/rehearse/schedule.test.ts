import fc from 'fast-check'
import t from 'tap'
import { PROFILES } from '../../src/rehearse/load/profiles.js'
import type { Course, TimedDeed } from '../../src/rehearse/load/schedule.js'
import { deeds, planUsers, usualRamp } from '../../src/rehearse/load/schedule.js'
import type { ProfileName } from '../../src/rehearse/record.js'

const profiles = Object.keys(PROFILES) as ProfileName[]

const courses: fc.Arbitrary<Course> = fc
  .record({
    profile: fc.constantFrom(...profiles),
    users: fc.integer({ min: 1, max: 60 }),
    seed: fc.integer(),
    forMs: fc.integer({ min: 1_000, max: 3_600_000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ share, ...course }) => ({ ...course, rampMs: Math.round(course.forMs * share) }))

function firstDeeds(course: Course, count: number): TimedDeed[][] {
  return planUsers(course).map((plan) => {
    const all = deeds(course, plan, plan.arrivesMs + 3_000)
    return Array.from({ length: count }, () => all.next().value).filter((one) => one !== undefined)
  })
}

t.test('the same course gives the same users, who do the same at the same times', async () => {
  fc.assert(
    fc.property(courses, (course) => {
      const once = JSON.stringify([planUsers(course), firstDeeds(course, 20)])
      return once === JSON.stringify([planUsers({ ...course }), firstDeeds({ ...course }, 20)])
    }),
    { numRuns: 50 },
  )
})

t.test('another seed gives other times', async (t) => {
  const course: Course = { profile: 'lecture', users: 20, seed: 1, forMs: 300_000, rampMs: 150_000 }
  t.notSame(planUsers(course), planUsers({ ...course, seed: 2 }))
  t.notSame(firstDeeds(course, 5)[0], firstDeeds({ ...course, seed: 2 }, 5)[0])
})

t.test('users come in order and within the ramp, and leave after they have come', async () => {
  fc.assert(
    fc.property(courses, (course) => {
      const plans = planUsers(course)
      return plans.every(
        ({ arrivesMs, leaves, user }, at) =>
          user === at &&
          arrivesMs >= (plans[at - 1]?.arrivesMs ?? 0) &&
          arrivesMs <= course.rampMs &&
          (leaves === undefined || (leaves.atMs >= arrivesMs && leaves.atMs < course.forMs)),
      )
    }),
  )
})

t.test('deeds come in order of time, and what recurs never ends', async () => {
  fc.assert(
    fc.property(courses, (course) =>
      firstDeeds(course, 30).every((some) => some.every(({ atMs }, at) => atMs >= (some[at - 1]?.atMs ?? 0))),
    ),
    { numRuns: 50 },
  )
})

t.test('in a lecture all come within five minutes, and do what the profile says', async (t) => {
  t.equal(usualRamp('lecture', 20 * 60_000), 5 * 60_000)
  t.equal(usualRamp('lecture', 60_000), 30_000)
  const course: Course = { profile: 'lecture', users: 400, seed: 3, forMs: 600_000, rampMs: 300_000 }
  const plans = planUsers(course)
  const early = plans.filter(({ arrivesMs }) => arrivesMs < 150_000).length
  t.ok(early > 260 && early < 340, `${early} of 400 come in the first half: three quarters are expected`)
  const abrupt = plans.filter(({ leaves }) => leaves?.how === 'abruptly').length
  t.ok(abrupt > 20 && abrupt < 90, `${abrupt} are gone all of a sudden`)
  // Ten minutes, each with three cells and six polls.
  const counts = plans.slice(0, 100).map((plan) => {
    const count = { cell: 0, poll: 0, save: 0, upload: 0, download: 0 }
    for (const { atMs, deed } of deeds(course, { ...plan, isVisible: true }, 0)) {
      if (atMs > course.forMs) break
      count[deed] += 1
    }
    return count
  })
  const mean = (of: 'cell' | 'poll' | 'save') => counts.reduce((sum, count) => sum + count[of], 0) / counts.length
  t.ok(Math.abs(mean('cell') - 31) < 2, `${mean('cell')} cells`)
  t.ok(Math.abs(mean('poll') - 60) < 1, `${mean('poll')} polls`)
  t.ok(Math.abs(mean('save') - 5) < 0.7, `${mean('save')} saves`)
})

t.test('what is done at the end is done there, and what recurs goes on beside it', async (t) => {
  const course: Course = { profile: 'exam', users: 50, seed: 5, forMs: 300_000, rampMs: 60_000 }
  for (const plan of planUsers(course)) {
    const all: TimedDeed[] = []
    for (const one of deeds(course, plan, plan.arrivesMs + 2_000)) {
      if (one.atMs > course.forMs + 60_000) break
      all.push(one)
    }
    const upload = all.filter(({ deed }) => deed === 'upload')
    t.equal(upload.length, 1)
    const handedInMs = upload[0]?.atMs ?? 0
    t.ok(handedInMs > 0.87 * course.forMs && handedInMs < course.forMs, 'it is handed in at the end')
    t.ok(all.filter(({ deed }) => deed === 'save').length > 6)
  }
})
