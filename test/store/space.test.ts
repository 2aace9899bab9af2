import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { ReservedSpace } from '../../src/store/lmdb/space.js'
import { temporaryDirectory } from '../support/directory.js'

const PAGE = 4096

t.test('no zeros go over what was written to the file by more than was asked for', async (t) => {
  const path = join(await temporaryDirectory(t), 'file')
  const file = await open(path, 'w+')
  t.teardown(() => file.close())
  let used = 0
  const space = new ReservedSpace(file)
  let expected: Buffer = Buffer.alloc(0)
  for (const pages of [1, 300, 700, 2, 5]) {
    await space.take(PAGE, used)
    t.ok((await file.stat()).size >= used + PAGE, 'there is room for what was asked for')
    const more = Buffer.alloc(pages * PAGE, pages % 251)
    await file.write(more, 0, more.length, used)
    used += more.length
    expected = Buffer.concat([expected, more])
  }
  await space.take(PAGE, PAGE)
  t.ok(expected.equals((await readFile(path)).subarray(0, used)), 'all is there')
})

t.test('what is not used is not reserved again', async (t) => {
  const path = join(await temporaryDirectory(t), 'file')
  const file = await open(path, 'w+')
  t.teardown(() => file.close())
  const space = new ReservedSpace(file)
  await space.take(PAGE, PAGE)
  const { size } = await file.stat()
  for (let count = 0; count < 1_000; count += 1) await space.take(PAGE, PAGE)
  t.equal((await file.stat()).size, size)
})
