import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PLAIN_NODE } from '../support/environment.js'
import { accepts } from '../support/ports.js'
import type { ExitCase } from './case.js'
import type { Difference } from './compare.js'
import type { Result } from './suite.js'
import type { ProgramName } from './surroundings.js'
import { environmentOf, fill, namesOf, PROGRAMS, startBackends } from './surroundings.js'

const AT_ONCE = 4
const LIMIT_MS = 30_000
/** What serves this long doesn't end by itself. */
const STEADY_MS = 500
/** What goes on this long after a signal takes no notice of it. Nothing is under way that could be waited for. */
const IGNORED_MS = 5_000

/** Starts both commands with each of the arguments, and compares how they end. */
export async function runCommands(cases: readonly ExitCase[], certs: string): Promise<Result[]> {
  const waiting = [...cases]
  const results: Result[] = []
  const worker = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const name = `command: ${one.name}`
      const began = performance.now()
      try {
        const [chp, here] = await Promise.all([endOf('CHP', one, certs), endOf('here', one, certs)])
        const differences: Difference[] = chp === here ? [] : [{ field: 'exit', chp, here }]
        results.push({ name, differences, tookMs: performance.now() - began })
      } catch (error) {
        results.push({ name, differences: [], error: error as Error })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

/** How a command ends, after the signal that the case has for it, if any. */
async function endOf(name: ProgramName, { args, env, signal }: ExitCase, certs: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  const backends = await startBackends(directory, certs)
  const names = await namesOf(directory, certs, backends)
  const ports = ['--ip', '127.0.0.1', '--port', '{port}', '--api-ip', '127.0.0.1', '--api-port', '{apiPort}']
  const [command, ...before] = PLAIN_NODE
  const filled = [...ports, ...args].map((argument) => fill(argument, names))
  const child = spawn(command, [...before, PROGRAMS[name], ...filled], {
    env: environmentOf(directory, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let over = false
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const exited = once(child, 'exit')
  const serving = async () => {
    while (!over && !(await accepts(Number(names.apiPort)))) await delay(20)
    while (!over && signal !== undefined && !(await accepts(Number(names.port)))) await delay(20)
    if (signal === undefined) return delay(STEADY_MS)
    child.kill(signal)
    return delay(IGNORED_MS)
  }
  const late = delay(LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${name} neither serves nor ends; it printed:\n${output}`)
  })
  try {
    await Promise.race([exited, serving(), late])
    if (child.signalCode !== null) return `by ${child.signalCode}`
    return child.exitCode === null ? 'it serves' : `status ${child.exitCode}`
  } finally {
    over = true
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await exited
    }
    await Promise.all([...backends.values()].map((backend) => backend.stop()))
    await rm(directory, { recursive: true, force: true })
  }
}
