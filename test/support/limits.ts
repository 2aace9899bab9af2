import { parseCommandLine } from '../../src/cli/command-line.js'
import type { Limits } from '../../src/settings/limits.js'
import { readLimits } from '../../src/settings/limits.js'

const MACHINE = { memory: 2 * 1024 ** 3, isMemoryOurs: false, maxOpenFiles: Number.POSITIVE_INFINITY }

/** The limits of these options, on a machine of 2 GiB. */
export function limits(...argv: string[]): Limits {
  return readLimits(parseCommandLine(argv, []).values, MACHINE)
}

export const DEFAULT_LIMITS = limits()
