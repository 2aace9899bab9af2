import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * Makes files of a process end at a size, in the middle of a write if need be, as a full disk would. Any user may do
 * that.
 */
export async function limitFiles(pid: number | undefined, bytes: number | 'unlimited'): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`])
}
