import { parseCommandLine } from '../../src/cli/command-line.js'
import { chosen, examine } from '../../src/doctor/examine.js'
import type { Result } from '../../src/doctor/model/check.js'
import type { Subject } from '../../src/doctor/model/subject.js'
import { subjectOf } from '../../src/doctor/model/subject.js'
import { START_CHECKS } from '../../src/doctor/start-checks.js'
import { temporaryDirectory } from '../support/directory.js'

type Tap = { teardown(fn: () => unknown): unknown }

/** The environment of a start whose files are all in a directory of its own. */
export async function environment(t: Tap): Promise<{ directory: string; env: NodeJS.ProcessEnv }> {
  const directory = await temporaryDirectory(t)
  return {
    directory,
    env: {
      ...process.env,
      ...{ XDG_RUNTIME_DIR: directory, XDG_STATE_HOME: directory },
      CONFIGPROXY_AUTH_TOKEN: 'a-token-of-the-tests',
    },
  }
}

/** The subject of `doctor` with this command line. */
export function subject(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Subject> {
  return subjectOf(parseCommandLine(argv, []).values, env)
}

/** What checks find in a start with this command line, by code. */
export async function examined(
  codes: readonly string[],
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Record<string, Result>> {
  const results = await examine(await subject(argv, env), chosen(START_CHECKS, codes))
  return Object.fromEntries(results.map((result) => [result.code, result]))
}
