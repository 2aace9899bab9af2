// `npm test`: sets up what is missing, checks style and types, and runs every test. `npm test -- FILE...` runs some.
import { checkStyle } from './lint.mjs'
import { run, setUp, tool } from './setup.mjs'

const wanted = process.argv.slice(2)

await setUp()
checkStyle()
// tap's own test runner is assembled from the plugins that .taprc names.
run(tool('tap'), ['build'], 'Could not assemble tap.', 'ignore')
if (wanted.length === 0 || wanted.some((file) => file.includes('helm'))) {
  run(process.execPath, ['build/test/helm/prepare.js'], 'Could not build Helm, which tests the chart.')
}
run(tool('tap'), ['--reporter=terse', ...wanted], 'There are failing tests.')
