import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Error codes for a temporary shortage of files, processes, memory or disk space. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ENOSPC', 'EDQUOT'])

/**
 * Starts a program. Rejects whenever the system refuses: Node.js throws some errors, emits others, and leaves the
 * streams undefined after some.
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

/** Whether the system may grant later what it refused now. */
export function isShortage(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && SHORTAGES.has(error.code)
}
