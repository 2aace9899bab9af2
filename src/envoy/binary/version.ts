import { execFile } from 'node:child_process'
import { access, open } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

const LIMIT_MS = 10_000
/** The most characters repeated of the program's own output. */
const SAID_CHARACTERS = 300

/** The version in a program's answer to `--version`, or why it is not a usable Envoy, to end a sentence with. */
export type VersionAnswer = { readonly version: string } | { readonly trouble: string }

export async function askVersion(path: string): Promise<VersionAnswer> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: LIMIT_MS })
    const version = parseEnvoyVersion(stdout)
    return version === undefined ? { trouble: `to --version it says: ${said(stdout)}` } : { version }
  } catch (error) {
    return { trouble: await troubleOf(path, error as ExecError) }
  }
}

interface ExecError extends Error {
  /** Why it could not be started, or its exit status. */
  readonly code?: string | number | null
  readonly signal?: NodeJS.Signals | null
  readonly killed?: boolean
  readonly stderr?: string
}

async function troubleOf(path: string, { code, signal, killed, stderr = '', message }: ExecError): Promise<string> {
  switch (code) {
    case 'ENOENT':
      return (await exists(path))
        ? 'the loader or interpreter that it wants is not on this system, as on one with another C library'
        : 'there is no such file'
    case 'EACCES':
      return 'it may not be executed: see its permissions, and whether its file system is mounted noexec'
  }
  // The kernel's refusal doesn't show: the file is then run by a shell.
  if (await isForOtherProcessor(path)) return 'it is a program for another kind of processor'
  if (killed) return `it does not answer --version within ${LIMIT_MS / 1000} s`
  if (signal) return `it was ended by ${signal}`
  if (typeof code === 'number') return `it ended with status ${code}: ${said(stderr)}`
  return message
}

/** Whether it and Node.js are programs for different kinds of processor. */
async function isForOtherProcessor(path: string): Promise<boolean> {
  const [its, ours] = await Promise.all([path, process.execPath].map(processorOf))
  return its !== undefined && ours !== undefined && its !== ours
}

/** The kind of processor of an ELF file, by its number there. */
async function processorOf(path: string): Promise<number | undefined> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0)
    return bytesRead === 20 && buffer.toString('latin1', 0, 4) === '\x7fELF' ? buffer.readUInt16LE(18) : undefined
  } finally {
    await file.close()
  }
}

function said(output: string): string {
  const text = output.trim().replace(/\s*\n\s*/g, ' | ')
  if (text === '') return '(nothing)'
  return text.length > SAID_CHARACTERS ? `${text.slice(0, SAID_CHARACTERS)}...` : text
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** The version in the output of `envoy --version`, such as 1.40.0; undefined if the output is not Envoy's. */
export function parseEnvoyVersion(output: string): string | undefined {
  return /\bversion: [0-9a-f]+\/(\d+\.\d+\.\d+)/.exec(output)?.[1]
}

/** Whether a version is at least the minimum. Both have the form 1.40.0. */
export function isAtLeast(version: string, minimum: string): boolean {
  return version.localeCompare(minimum, 'en', { numeric: true }) >= 0
}
