import { parseCommandLine } from '../../src/cli/command-line.js'
import type { ForwardingSettings } from '../../src/settings/forwarding.js'
import { readForwarding } from '../../src/settings/forwarding.js'

/** What is forwarded, and how, with these options. */
export function forwarding(...argv: string[]): ForwardingSettings {
  return readForwarding(parseCommandLine(argv, []).values)
}
