import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLAIN } from '../../test/support/environment.js'
import { accepts, freePorts } from '../../test/support/ports.js'
import { eventually } from '../../test/support/wait.js'

/** A program that runs and listens on a port of the loopback address. */
export interface Program {
  readonly port: number
  readonly pid: number
  readonly stop: () => Promise<void>
}

export interface ProgramInput {
  readonly command: string
  /** Its arguments, given the file with its configuration. */
  readonly args: (file: string) => string[]
  /** The content of that file, given the program's port and a directory of its own. */
  readonly config: (port: number, directory: string) => string
  /** How long it may take until it listens, in milliseconds. */
  readonly startMs: number
}

/**
 * Starts a program with a configuration file and waits until it listens.
 *
 * @throws Error with its last output if it ends, or doesn't listen in time
 */
export async function startProgram({ command, args, config, startMs }: ProgramInput): Promise<Program> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-cost-'))
  const [port = 0] = await freePorts(1)
  const file = join(directory, 'config')
  await writeFile(file, config(port, directory))
  const [env, ...before] = PLAIN
  const child = spawn(env, [...before, command, ...args(file)], { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output = `${output}${chunk}`.slice(-2_000)
  })
  const stop = async () => {
    await end(child)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error('it ended')
        return accepts(port)
      },
      `${command} listens`,
      startMs,
    )
  } catch (error) {
    await stop()
    throw new Error(`${command}: ${(error as Error).message}\n${output}`)
  }
  return { port, pid: child.pid ?? 0, stop }
}

/** Ends a child and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

/** @throws Error that names what to install if one of these commands is missing */
export function requireCommands(...commands: string[]): void {
  const missing = commands.filter((command) => {
    try {
      execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' })
      return false
    } catch {
      return true
    }
  })
  if (missing.length > 0) throw new Error(`This bench needs ${missing.join(' and ')}: apt install ${missing.join(' ')}`)
}
