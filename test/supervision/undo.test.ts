import t from 'tap'
import { Undo } from '../../src/platform/shutdown.js'

t.test('a step that fails is told of, and all others are undone, the last first', async (t) => {
  const done: string[] = []
  const failures: string[] = []
  const undo = new Undo((error) => failures.push(error.message))
  undo.push(() => done.push('store'))
  undo.push(() => {
    throw new Error('ENOTDIR')
  })
  undo.push(() => Promise.reject(new Error('EPERM')))
  undo.push((how) => done.push(`Envoy ${how}`))
  await undo.run('at once')
  t.strictSame(done, ['Envoy at once', 'store'])
  t.strictSame(failures, ['EPERM', 'ENOTDIR'])
})

t.test('a second call ends what takes its time and leaves the order as it is', async (t) => {
  const done: string[] = []
  const undo = new Undo((error) => t.fail(error.message))
  undo.push((how) => done.push(`store ${how}`))
  undo.push(async (how, hurry) => {
    done.push(`drain ${how}`)
    await new Promise((resolve) => hurry.addEventListener('abort', resolve))
    done.push('drained')
  })
  const first = undo.run('drain')
  const second = undo.run('at once')
  await Promise.all([first, second])
  t.strictSame(done, ['drain drain', 'drained', 'store at once'])
})

t.test('what a start makes while the proxy ends is undone, and the start ends', async (t) => {
  const done: string[] = []
  const undo = new Undo((error) => t.fail(error.message))
  await undo.run('drain')
  t.throws(() => undo.push((how) => done.push(how)), /was stopped while it was starting/)
  t.strictSame(done, ['drain'])
})
