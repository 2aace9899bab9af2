// The command as an operator runs it.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import { PLAIN_NODE } from '../support/environment.js'
import { killProcess, processesWith } from '../support/processes.js'
import { CLI } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

interface Command {
  readonly child: ChildProcess
  readonly printed: { out: string; err: string }
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Command {
  const [command, ...before] = PLAIN_NODE
  const child = spawn(command, [...before, CLI, 'rehearse', ...args], { env: { ...process.env, ...env } })
  const printed = { out: '', err: '' }
  child.stdout.on('data', (part) => {
    printed.out += part
  })
  child.stderr.on('data', (part) => {
    printed.err += part
  })
  return { child, printed }
}

t.test('Ctrl-C ends it with a report, and with all that it started', async (t) => {
  const directory = await temporaryDirectory(t)
  const { child, printed } = start(['--proxy-only', '--users', '3', '--ramp', '1s', '--for', '10m'], {
    TMPDIR: directory,
  })
  const closed = once(child, 'close')
  t.teardown(async () => {
    for (const { pid } of await processesWith(`TMPDIR=${directory}`)) killProcess(pid)
  })
  const isAtWork = () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${printed.err}`)
    return printed.err.includes('3 of 3 users, 3 websockets')
  }
  await eventually(isAtWork, 'its figures come in lines', 60_000)
  t.match(
    printed.err,
    /^configurable-envoy-proxy \S+ at http:\S+: 3 users of profile lecture come within 1 s, for 600 s/,
  )
  t.match(
    printed.err,
    /^\[ {24}\] {3}\d % 0:\d\d {2}\d of 3 users, \d websockets, \d+ requests\/s, p99 [\d.]+ ms, 0 failures$/m,
  )
  child.kill('SIGINT')
  await closed
  t.equal(child.exitCode, 2, "it can't be judged")
  t.match(printed.out, /The rehearsal can't be judged.\n(.*\n)*It was interrupted/)
  t.match(printed.out, /ok +failed requests +0 of \d+/, 'and what was seen is said')
  t.match(printed.out, /^The rehearsal itself took [\d.]+ s of the processor, the proxy [\d.]+ s/m)
  t.strictSame(await readdir(directory), [], 'no file is left')
  t.strictSame(await processesWith(`TMPDIR=${directory}`), [], 'and no process')
})

t.test('a public address is refused before anything is sent', async (t) => {
  const { child, printed } = start(['--proxy-only', '--proxy-url', 'http://203.0.113.7'])
  await once(child, 'close')
  t.equal(child.exitCode, 1)
  t.match(printed.err, /^error: --proxy-url http:\/\/203.0.113.7 is at a public address.*--this-is-my-hub\.\n$/)
})
