import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { FileWatch } from '../../src/platform/watch.js'
import { watchFiles } from '../../src/platform/watch.js'
import { eventually } from '../support/wait.js'

const LOOK_MS = 10

let directory = ''
let watch: FileWatch | undefined
t.beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
})
t.afterEach(async () => {
  watch?.close()
  await rm(directory, { recursive: true })
})

/** What was in the file at each call; a file that isn't there counts as empty. */
async function contentsOf(path: string): Promise<string[]> {
  const contents: string[] = []
  const read = async () => {
    contents.push(await readFile(path, 'utf8').catch(() => ''))
  }
  watch = watchFiles([path], read, LOOK_MS)
  await eventually(() => contents.length === 1, 'a first call without any change')
  return contents
}

t.test('a file that is written, replaced, removed and made again is reported', async (t) => {
  const path = join(directory, 'key.pem')
  await writeFile(path, 'one')
  const contents = await contentsOf(path)
  await writeFile(path, 'two')
  await eventually(() => contents.at(-1) === 'two', 'the writing is seen')
  await writeFile(join(directory, 'new'), 'six')
  await rename(join(directory, 'new'), path)
  await eventually(() => contents.at(-1) === 'six', 'the replacing is seen')
  await rm(path)
  await eventually(() => contents.at(-1) === '', 'the removal is seen')
  await writeFile(path, 'new')
  await eventually(() => contents.at(-1) === 'new', 'the file that is there again is seen')
  t.strictSame(contents, ['one', 'two', 'six', '', 'new'], 'each once')
})

t.test('a swapped link to the directory of the files is seen, as Kubernetes does it', async (t) => {
  for (const version of ['1', '2']) {
    await mkdir(join(directory, `..${version}`))
    await writeFile(join(directory, `..${version}`, 'key.pem'), version)
  }
  await symlink('..1', join(directory, '..data'))
  await symlink('..data/key.pem', join(directory, 'key.pem'))
  const contents = await contentsOf(join(directory, 'key.pem'))
  await symlink('..2', join(directory, '..data_tmp'))
  await rename(join(directory, '..data_tmp'), join(directory, '..data'))
  await eventually(() => contents.length > 1, 'the swap is seen')
  t.strictSame(contents, ['1', '2'])
})

t.test('a file that is still being written is left alone until it is whole', async (t) => {
  const path = join(directory, 'key.pem')
  await writeFile(path, '')
  const calls = await contentsOf(path)
  let text = ''
  for (const until = performance.now() + 20 * LOOK_MS; performance.now() < until; ) {
    text += 'x'
    await writeFile(path, text)
    await new Promise(setImmediate)
  }
  await eventually(() => calls.at(-1) === text, 'the whole is seen')
  t.ok(calls.length < 5, `one call for ${text.length} writings, or a few on a busy machine: ${calls.length}`)
})

t.test('after it is closed it says nothing more', async (t) => {
  const path = join(directory, 'key.pem')
  await writeFile(path, 'one')
  const contents = await contentsOf(path)
  watch?.close()
  const other = [] as string[]
  await writeFile(path, 'two')
  const second = watchFiles([path], () => void other.push('call'), LOOK_MS)
  await eventually(() => other.length === 1, 'another one sees it')
  second.close()
  t.strictSame(contents, ['one'])
})
