import { EnvoyAdmin } from '../../envoy/admin.js'
import { drain as drainEnvoy } from '../../envoy/drain.js'
import { FatalError } from '../../platform/fatal-error.js'
import { PUBLIC } from '../../resources/names.js'
import { ADMIN_SOCKET } from '../../settings/bootstrap.js'
import type { OptionSpec } from '../../settings/option.js'
import { wholeNumber } from '../../settings/option.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  ADMIN_SOCKET,
  {
    flags: '--seconds <n>',
    description: 'How long it may take',
    default: 25,
    number: wholeNumber('The time in seconds', 1, 86_400),
  },
] as const satisfies readonly OptionSpec[]

export const drain: Subcommand<typeof OPTIONS> = {
  name: 'drain',
  description: 'send clients away from an external Envoy that is about to be stopped',
  options: OPTIONS,
  async run({ adminSocket, seconds }) {
    await drainEnvoy(new EnvoyAdmin(adminSocket), PUBLIC, seconds * 1000).catch((error: Error) => {
      throw new FatalError(`The Envoy at ${adminSocket} can't be drained: ${error.message}`)
    })
  },
}
