import { execFile } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { OPTIONS } from '../../src/settings/settings.js'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI } from '../support/proxy.js'

const RUNS = 8
const AT_A_TIME = 4

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
const commandLine = fc.array(fc.oneof(flag, value), { maxLength: 8 })

interface Ended {
  readonly code: unknown
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command; the last argument has it end before it starts anything, if nothing else does. */
function run(args: readonly string[]): Promise<Ended> {
  const [command, ...before] = PLAIN_NODE
  return new Promise((resolve) => {
    execFile(
      command,
      [...before, CLI, ...args, '--envoy-path=/nonexistent'],
      { timeout: 20_000 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr }),
    )
  })
}

t.test('no command line is answered by anything but its effect or one line of what is wrong with it', async (t) => {
  let failures = 0
  await fc.assert(
    fc.asyncProperty(fc.array(commandLine, { minLength: AT_A_TIME, maxLength: AT_A_TIME }), async (commandLines) => {
      const ended = await Promise.all(commandLines.map(run))
      failures += ended.filter(({ code }) => code === 1).length
      return ended.every(({ code, stderr }) =>
        code === 0 ? stderr === '' : code === 1 && /^error: [^\n]+\n(\(Did you mean [^\n]+\)\n)?$/.test(stderr),
      )
    }),
    { numRuns: RUNS },
  )
  t.comment(`${RUNS * AT_A_TIME} command lines, ${failures} of them refused`)
  t.ok(failures > 0)
})
