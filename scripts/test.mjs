// `npm test`: sets up what is missing, checks style and types, and runs every test. `npm test -- PATH...` runs those of
// some files or directories, such as test/store. Options are tap's.
import { checkStyle } from './lint.mjs'
import { run, setUp, setUpTap, tool } from './setup.mjs'
import { compiled, testsAt } from './test-files.mjs'

const args = process.argv.slice(2)
const options = args.filter((argument) => argument.startsWith('-'))
const paths = args.filter((argument) => !argument.startsWith('-'))

const tests = paths.flatMap(named)

await setUp()
if (paths.length === 0) checkStyle()
await setUpTap()
if (tests.length === 0 || tests.some((test) => /^(helm|kubernetes)\//.test(test))) {
  run(
    process.execPath,
    ['build/test/helm/prepare.js'],
    'Could not build Helm and the API server of Kubernetes, which some tests use.',
  )
}
run(tool('tap'), ['--reporter=terse', ...options, ...tests.map(compiled)], 'There are failing tests.')

function named(path) {
  const found = testsAt(path)
  if (found.length > 0) return found
  console.error(`There is no test at ${path}. Name a file such as test/store/lmdb.test.ts, or a directory of tests.`)
  process.exit(1)
}
