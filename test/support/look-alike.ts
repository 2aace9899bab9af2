import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { killProcess } from './processes.js'

type Tap = { teardown(fn: () => unknown): unknown }

/** The user `nobody`, who owns nothing. */
export const STRANGER = 65_534

/** Only root can be someone else; elsewhere look-alikes are of this user. */
export const CAN_BE_SOMEONE_ELSE = process.getuid?.() === 0

const AS_STRANGER = ['setpriv', `--reuid=${STRANGER}`, '--clear-groups']

/** Starts a shell that does nothing, with arguments that it was not meant to have. */
export async function lookAlike(t: Tap, args: readonly string[], { asStranger = false } = {}): Promise<number> {
  const shell = ['/bin/sh', '-c', 'while :; do sleep 1; done', ...args]
  const [command = '', ...rest] = asStranger ? [...AS_STRANGER, ...shell] : shell
  // Its group is ended, with the sleep in it.
  const child = spawn(command, rest, { stdio: 'ignore', detached: true, cwd: '/' })
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  t.teardown(() => killProcess(-pid))
  return pid
}
