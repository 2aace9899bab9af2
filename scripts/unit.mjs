// `npm run test:unit`: the tests that start no program. They share a few processes, since loading the code takes longer
// than most of them.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'
import { root, setUp, setUpTap } from './setup.mjs'
import { compiled, unitTests } from './test-files.mjs'

await setUp()
await setUpTap()
const tests = unitTests()
const processes = Math.min(availableParallelism(), 4)
const shares = Array.from({ length: processes }, (_, share) => tests.filter((_test, at) => at % processes === share))
const results = await Promise.all(shares.map(run))
const passed = results.reduce((sum, { output }) => sum + [...output.matchAll(/^ *ok /gm)].length, 0)
for (const { output, status } of results) {
  // A failure in TAP is its line and the block of details that follows.
  const failures = output.match(/^( *)not ok .*(\n\1 {2}---[\s\S]*?\n\1 {2}\.\.\.)?/gm) ?? []
  for (const failure of failures) console.error(failure)
  if (status !== 0 && failures.length === 0) console.error(output)
}
console.log(`${tests.length} files, ${passed} assertions and tests passed`)
process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1

async function run(share) {
  const imports = share.map((test) => `await import(${JSON.stringify(`./${compiled(test)}`)})`)
  const child = spawn(process.execPath, ['--enable-source-maps', '--input-type=module', '-e', imports.join('\n')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  return { output: await text(child.stdout), status: await ended }
}
