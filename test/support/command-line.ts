import { parseCommandLine } from '../../src/cli/command-line.js'
import { SUBCOMMANDS } from '../../src/cli/commands/all.js'
import { errorLine } from '../../src/cli/process/exit.js'
import { FatalError } from '../../src/platform/fatal-error.js'
import { readSettings } from '../../src/settings/settings.js'

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const WELL: Ended = { code: 0, stdout: '', stderr: '' }

/**
 * What comes of a command line before anything is started: that of a process, for a thousandth of its price. A proxy is
 * not started; a subcommand runs.
 */
export async function commandLine(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const parsed = parse(argv)
  if ('code' in parsed) return parsed
  try {
    await (parsed.subcommand?.() ?? readSettings(parsed.values, { CONFIGPROXY_AUTH_TOKEN: 'token', ...env }))
    return WELL
  } catch (error) {
    if (!(error instanceof FatalError)) throw error
    return { ...WELL, code: error.exitStatus, stderr: `${errorLine(`error: ${error.message}`)}\n` }
  }
}

/** commander ends the process by itself where it has nothing to return. */
function parse(argv: readonly string[]): ReturnType<typeof parseCommandLine> | Ended {
  const { exit } = process
  const [stdout, stderr] = [intercept(process.stdout), intercept(process.stderr)]
  let code: number | undefined
  process.exit = ((status: number) => {
    code = status
    throw new Error('exit')
  }) as typeof process.exit
  try {
    return parseCommandLine(argv, SUBCOMMANDS)
  } catch (error) {
    if (code === undefined) throw error
    return { code, stdout: stdout.written, stderr: stderr.written }
  } finally {
    process.exit = exit
    stdout.restore()
    stderr.restore()
  }
}

function intercept(stream: NodeJS.WriteStream) {
  const { write } = stream
  const result = {
    written: '',
    restore() {
      stream.write = write
    },
  }
  stream.write = ((text: string) => {
    result.written += text
    return true
  }) as typeof write
  return result
}
