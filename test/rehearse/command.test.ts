// The command as an operator runs it.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { readReport } from '../../src/rehearse/report/read.js'
import { CHP } from '../support/chp.js'
import { temporaryDirectory } from '../support/directory.js'
import { PLAIN_NODE } from '../support/environment.js'
import { freePorts } from '../support/ports.js'
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
    return printed.err.includes('3 of 3 users') && printed.err.includes(' 3 websockets')
  }
  await eventually(isAtWork, 'its figures come in lines', 60_000)
  t.match(
    printed.err,
    /^configurable-envoy-proxy \S+ at http:\S+: 3 users of profile lecture come within 1 s, for 600 s/,
  )
  t.match(
    printed.err,
    /^\[ {24}\] {3}\d % 0:\d\d {2}\d of 3 users, 0 failures, p99 [\d.]+ ms, \d+ requests\/s, \d websockets$/m,
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

/** A proxy that starts and never takes a connection. */
const NEVER_READY = `sh -c 'sleep 600' proxy`
/** The same, which can't be ended in order either. */
const STUBBORN = `sh -c 'trap "" TERM; while :; do sleep 1; done' proxy`

/** Starts a rehearsal of such a proxy in a directory of its own, and waits until the proxy runs. */
async function startWith(t: Test, proxyCommand: string, ...more: string[]) {
  const directory = await temporaryDirectory(t)
  const command = start(['--proxy-only', '--users', '3', '--proxy-command', proxyCommand, ...more], {
    TMPDIR: directory,
  })
  t.teardown(async () => {
    for (const { pid } of await processesWith(`TMPDIR=${directory}`)) killProcess(pid)
  })
  const isThere = async () =>
    (await processesWith(`TMPDIR=${directory}`)).some(({ command: words }) => words[0] === 'sleep')
  await eventually(isThere, 'the proxy runs', 30_000)
  const leavesNothing = async () => {
    await eventually(
      async () => (await processesWith(`TMPDIR=${directory}`)).length === 0,
      'no process is left',
      30_000,
    )
    t.strictSame(await readdir(directory), [], 'and no file')
  }
  return { ...command, leavesNothing }
}

t.test('a rehearsal that is killed takes its proxy with it', async (t) => {
  const { child, leavesNothing } = await startWith(t, STUBBORN)
  child.kill('SIGKILL')
  await leavesNothing()
})

t.test('Ctrl-C while the proxy starts ends it at once, and says that there is nothing to report', async (t) => {
  const { child, printed, leavesNothing } = await startWith(t, NEVER_READY)
  const closed = once(child, 'close')
  child.kill('SIGINT')
  await closed
  t.equal(child.exitCode, 2)
  t.match(printed.err, /^Ending it.*\nerror: It was ended before anybody came: there is nothing to report\.\n$/)
  await leavesNothing()
})

t.test('a second Ctrl-C does not wait for a proxy that does not end', async (t) => {
  const { child, printed, leavesNothing } = await startWith(t, STUBBORN)
  const closed = once(child, 'close')
  child.kill('SIGINT')
  await eventually(() => printed.err.includes('A second signal ends it at once'), 'it has noticed')
  child.kill('SIGINT')
  await closed
  t.equal(child.exitCode, 130)
  await leavesNothing()
})

t.test('Ctrl-C in the middle of an incident, while there is no proxy, still gives a report', async (t) => {
  const directory = await temporaryDirectory(t)
  const report = join(directory, 'report')
  const command = `${PLAIN_NODE.join(' ')} ${CHP}`
  const course = ['--users', '3', '--profile', 'exam', '--ramp', '1s', '--for', '5m', '--incident', 'core-2017@8s']
  const { child, printed } = start(['--proxy-only', '--proxy-command', command, ...course, '--report', report], {
    TMPDIR: directory,
  })
  t.teardown(async () => {
    for (const { pid } of await processesWith(`TMPDIR=${directory}`)) killProcess(pid)
  })
  const closed = once(child, 'close')
  await eventually(() => printed.err.includes('core-2017: killed proxy'), 'the proxy is killed', 60_000)
  child.kill('SIGINT')
  await closed
  t.match(printed.out, /It was interrupted\.\n/)
  t.match(printed.out, new RegExp(`^The report is in ${report}/report.html\\.$`, 'm'))
  const { incidents } = await readReport(join(report, 'rehearsal.json'))
  t.match(incidents, [{ name: 'core-2017', deeds: [{ what: /^killed proxy/ }] }])
  t.strictSame(await readdir(directory), ['report'])
})

t.test('what is wrong with a proxy that is given is said in a line, with what to do', async (t) => {
  const [port = 0] = await freePorts(1)
  const here = `http://127.0.0.1:${port}`
  const { child, printed } = start(['--proxy-only', '--proxy-url', here, '--api-url', here])
  await once(child, 'close')
  t.equal(child.exitCode, 1)
  t.match(
    printed.err,
    /^error: http:\S+ can't be asked: .*ECONNREFUSED.* Does the proxy run, and is --api-url its REST API\?\n$/,
  )
  const missing = start(['--proxy-only', '--proxy-command', 'no-such-proxy'])
  await once(missing.child, 'close')
  t.equal(missing.child.exitCode, 1)
  t.match(
    missing.printed.err,
    /^error: There is no program no-such-proxy: install it, or give its path in --proxy-command\.\n$/,
  )
})

t.test('a public address is refused before anything is sent', async (t) => {
  const { child, printed } = start(['--proxy-only', '--proxy-url', 'http://203.0.113.7'])
  await once(child, 'close')
  t.equal(child.exitCode, 1)
  t.match(printed.err, /^error: --proxy-url http:\/\/203.0.113.7 is at a public address.*--this-is-my-hub\.\n$/)
})
