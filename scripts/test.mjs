// `npm test`: sets up what is missing, checks style and types, and runs every test. `npm test -- FILE...` runs some.
import { run, setUp, tool } from './setup.mjs'

await setUp()
run(tool('biome'), ['ci', '--colors=off', '.'], 'The code is not as `npm run format` would leave it.')
// tap's own test runner is assembled from the plugins that .taprc names.
run(tool('tap'), ['build'], 'Could not assemble tap.', 'ignore')
run(tool('tap'), ['--reporter=terse', ...process.argv.slice(2)], 'There are failing tests.')
