import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { lockPath } from '../../src/platform/flock.js'
import { temporaryDirectory } from '../support/directory.js'

t.test('a file that was replaced before it was locked is opened again', async (t) => {
  const file = join(await temporaryDirectory(t), 'lock')
  let opened = 0
  const handle = await lockPath(file, async () => {
    opened += 1
    const found = await open(file, 'a')
    // As a process does that is just ending, and then one that is just starting.
    if (opened === 1) await rm(file)
    if (opened === 1) await writeFile(file, '')
    return found
  })
  t.equal(opened, 2)
  t.equal(await lockPath(file, () => open(file, 'a')), undefined, 'the one that is there now is locked')
  await handle?.close()
})

t.test('a path that can’t be opened yet is tried again, and one that can’t be opened at all is an error', async (t) => {
  const file = join(await temporaryDirectory(t), 'lock')
  let opened = 0
  const handle = await lockPath(file, async () => {
    opened += 1
    return opened === 1 ? undefined : open(file, 'a')
  })
  t.equal(opened, 2)
  await handle?.close()
  await t.rejects(
    lockPath(join(file, 'below'), () => open(join(file, 'below'), 'a')),
    { code: 'ENOTDIR' },
  )
})
