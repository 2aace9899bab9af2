import t from 'tap'
import { Shutdown } from '../../src/platform/shutdown.js'

t.test('a step that fails is reported, and all others run, the last first', async (t) => {
  const done: string[] = []
  const failures: string[] = []
  const shutdown = new Shutdown((error) => failures.push(error.message))
  shutdown.push(() => done.push('store'))
  shutdown.push(() => {
    throw new Error('ENOTDIR')
  })
  shutdown.push(() => Promise.reject(new Error('EPERM')))
  shutdown.push((mode) => done.push(`Envoy ${mode}`))
  await shutdown.run('at once')
  t.strictSame(done, ['Envoy at once', 'store'])
  t.strictSame(failures, ['EPERM', 'ENOTDIR'])
})

t.test('a second call ends a drain and keeps the order of the steps', async (t) => {
  const done: string[] = []
  const shutdown = new Shutdown((error) => t.fail(error.message))
  shutdown.push((mode) => done.push(`store ${mode}`))
  shutdown.push(async (mode, hurry) => {
    done.push(`drain ${mode}`)
    await new Promise((resolve) => hurry.addEventListener('abort', resolve))
    done.push('drained')
  })
  const first = shutdown.run('drain')
  const second = shutdown.run('at once')
  await Promise.all([first, second])
  t.strictSame(done, ['drain drain', 'drained', 'store at once'])
})

t.test('what a start makes during a shutdown is undone, and the start ends', async (t) => {
  const done: string[] = []
  const shutdown = new Shutdown((error) => t.fail(error.message))
  await shutdown.run('drain')
  t.throws(() => shutdown.push((mode) => done.push(mode)), /was stopped while it was starting/)
  t.strictSame(done, ['drain'])
})
