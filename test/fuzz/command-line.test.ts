import { execFile } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { OPTIONS } from '../../src/settings/settings.js'
import type { Ended } from '../support/command-line.js'
import { commandLine } from '../support/command-line.js'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI } from '../support/proxy.js'

/** In this process, and as processes of their own. */
const RUNS = 1_000
const PROCESSES = 6

const flag = fc.oneof(
  fc.constantFrom(...OPTIONS.map(({ flags }) => flags.split(' ')[0] ?? '')),
  fc.constantFrom('--', '-', '-x', '--no-', '--port=', '--ip=::ffff', '--unknown', '--PORT'),
)
// No argument of a command line can hold a zero byte.
const text = fc.string({ unit: 'binary', maxLength: 12 }).map((value) => value.replaceAll('\0', ''))
const value = fc.oneof(
  text,
  fc.constantFrom('', '0', '-1', '65536', '1e9', '/', '/dev/null', '/nonexistent', 'a:b', ':', '%', '*'),
)
const args = fc.array(fc.oneof(flag, value), { maxLength: 8 })

/** Runs the command; the last argument has it end before it starts anything, if nothing else does. */
function run(args: readonly string[]): Promise<Ended> {
  const [command, ...before] = PLAIN_NODE
  return new Promise((resolve) => {
    execFile(
      command,
      [...before, CLI, ...args, '--envoy-path=/nonexistent'],
      { timeout: 20_000 },
      // A signal that ended it is no status.
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

function isSound({ code, stderr }: Ended): boolean {
  return code === 0 ? stderr === '' : code === 1 && /^error: [^\n]+\n(\(Did you mean [^\n]+\)\n)?$/.test(stderr)
}

for (const [where, answer, numRuns] of [
  ['', commandLine, RUNS],
  [', as a process', run, PROCESSES],
] as const) {
  t.test(
    `no command line is answered by anything but its effect or one line of what is wrong with it${where}`,
    async (t) => {
      let failures = 0
      await fc.assert(
        fc.asyncProperty(args, async (args) => {
          const ended = await answer(args)
          if (ended.code === 1) failures += 1
          return isSound(ended)
        }),
        { numRuns },
      )
      t.comment(`${numRuns} command lines, ${failures} of them refused`)
      t.ok(failures > 0)
    },
  )
}
