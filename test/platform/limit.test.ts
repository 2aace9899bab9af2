import t from 'tap'
import { Limit } from '../../src/platform/limit.js'

t.test('so many tasks run at a time, in the order of their calls, and one that fails makes room, too', async (t) => {
  const limit = new Limit(2)
  const begun: number[] = []
  const ends: Array<(failed: boolean) => void> = []
  const run = (task: number) =>
    limit.run(
      () =>
        new Promise<number>((resolve, reject) => {
          begun.push(task)
          ends[task] = (failed) => (failed ? reject(new Error(`${task} failed`)) : resolve(task))
        }),
    )
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const tasks = [0, 1, 2, 3, 4].map(run)
  await turn()
  t.strictSame(begun, [0, 1])
  ends[1]?.(true)
  await t.rejects(tasks[1] as Promise<number>, { message: '1 failed' })
  await turn()
  t.strictSame(begun, [0, 1, 2], 'however long the first one takes')
  for (const task of [2, 0, 3, 4]) {
    ends[task]?.(false)
    await turn()
  }
  t.strictSame(await Promise.all([tasks[0], ...tasks.slice(2)]), [0, 2, 3, 4])
  const last = run(5)
  await turn()
  ends[5]?.(false)
  t.equal(await last, 5)
})
