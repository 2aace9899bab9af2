import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'

const SCRIPT = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url))

/** A clone in which `npm` is a shell script. */
async function clone(t: Parameters<typeof temporaryDirectory>[0]) {
  const directory = await temporaryDirectory(t)
  for (const name of ['bin', 'scripts', 'node_modules', 'src', 'test', 'bench', 'proto'])
    await mkdir(join(directory, name))
  await copyFile(SCRIPT, join(directory, 'scripts', 'setup.mjs'))
  for (const name of ['package-lock.json', 'tsconfig.json']) await writeFile(join(directory, name), '{}')
  await writeFile(join(directory, 'run.mjs'), "import { setUp } from './scripts/setup.mjs'\nawait setUp()\n")
  const stamp = join(directory, 'node_modules', '.setup-stamp')
  return {
    stamp: () => readFile(stamp, 'utf8').catch(() => undefined),
    stampedBefore: () => writeFile(stamp, 'of another version'),
    setUp: async (npm: string) => {
      await writeFile(join(directory, 'bin', 'npm'), `#!/bin/sh\ncd '${directory}'\n${npm}\n`, { mode: 0o755 })
      const env = { ...process.env, PATH: `${join(directory, 'bin')}:${process.env.PATH}` }
      return new Promise<string>((resolve) => {
        execFile(process.execPath, [join(directory, 'run.mjs')], { env }, (_error, _stdout, stderr) => resolve(stderr))
      })
    },
  }
}

t.test('an installation that ended too early is none', async (t) => {
  const { stamp, stampedBefore, setUp } = await clone(t)
  await stampedBefore()
  t.match(await setUp('kill -TERM $$'), /Could not install the packages.* \(npm was ended by SIGTERM\)\n$/)
  t.equal(await stamp(), undefined, 'nor is the one of before')
  t.match(await setUp('exit 1'), /Could not install the packages/)
  t.equal(await stamp(), undefined)
  t.match(await setUp('mkdir -p node_modules/some; exit 0'), /npm ended before it had installed all/)
  t.equal(await stamp(), undefined)
  t.match(await setUp('touch node_modules/.package-lock.json'), /Could not make types/, 'it has got past the packages')
  t.type(await stamp(), 'string')
  t.notMatch(await setUp('exit 1'), /Installing/, 'and is not done again')
})
