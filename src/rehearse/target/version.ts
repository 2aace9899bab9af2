import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const LIMIT_MS = 10_000

/**
 * What a proxy's program answers to `--version`.
 *
 * @param words its command, which may begin with what runs it, such as Node.js
 * @returns undefined if it doesn't say
 */
export async function versionOf(words: readonly string[]): Promise<string | undefined> {
  const named = words.findIndex((word) => word.includes('configurable-http-proxy'))
  const end = named < 0 ? words.findIndex((word) => word.startsWith('-')) : named + 1
  const [program = '', ...args] = words.slice(0, end)
  const asked = promisify(execFile)(program, [...args, '--version'], { timeout: LIMIT_MS })
  const { stdout } = await asked.catch(() => ({ stdout: '' }))
  return /\d+\.\d+[\w.-]*/.exec(stdout)?.[0]
}
