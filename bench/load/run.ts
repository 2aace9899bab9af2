import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** How much longer than the load itself a program that makes it may take, in milliseconds. */
const PATIENCE_MS = 60_000

/** The programs that make load, and the package of each. */
const PROGRAMS = { wrk: 'wrk', h2load: 'nghttp2-client', curl: 'curl', taskset: 'util-linux' } as const

/** Runs one of them to its end, and resolves to what it printed. */
export async function run(program: keyof typeof PROGRAMS, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { timeout: PATIENCE_MS, maxBuffer: 2 ** 26 })
  return stdout
}

/** @throws Error that says how to install what is missing */
export async function checkPrograms(): Promise<void> {
  const missing: string[] = []
  for (const [program, packageName] of Object.entries(PROGRAMS)) {
    await promisify(execFile)('sh', ['-c', `command -v ${program}`]).catch(() => missing.push(packageName))
  }
  if (missing.length > 0) throw new Error(`The bench needs more programs: apt-get install ${missing.join(' ')}`)
}
