import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** What the system refuses with when it has too few files, processes, memory or space just now. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ENOSPC', 'EDQUOT'])

/**
 * Starts a program. However the system refuses, it is a rejection: Node.js throws some errors, emits others, and after
 * some of those leaves the streams undefined.
 */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<ChildProcess> {
  const child = spawn(command, args, options)
  await once(child, 'spawn')
  return child
}

/** Whether the system may give later what it has refused. */
export function isShortage(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && SHORTAGES.has(error.code)
}
