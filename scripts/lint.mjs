// `npm run lint`: checks style, and the direction of imports. `npm run format` mends what it can.
import { fileURLToPath } from 'node:url'
import { importsOf, layers, violations } from './layers.mjs'
import { run, setUpPackages, tool } from './setup.mjs'

/** Ends the process with 1 if something is wrong. */
export function checkStyle() {
  run(tool('biome'), ['ci', '--colors=off', '.'], 'The code is not as `npm run format` would leave it.')
  checkLayers()
}

function checkLayers() {
  const found = violations(importsOf(), layers())
  for (const line of found) console.error(line)
  if (found.length > 0) process.exit(1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setUpPackages()
  if (process.argv.includes('--write')) {
    run(tool('biome'), ['check', '--write', '.'], 'Not all could be mended.')
    checkLayers()
  } else checkStyle()
}
