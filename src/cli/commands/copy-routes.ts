import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import type { OptionSpec } from '../../settings/option.js'
import { compareStores, copyStore } from '../../transfer/copy-store.js'
import { toPost } from '../../transfer/differences.js'
import { storeNamed } from '../../transfer/stores.js'
import { differencesText } from '../../transfer/text.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  {
    flags: '--from <store>',
    description: 'The store whose routes are copied: lmdb:DIRECTORY, kubernetes, kubernetes:NAME or etcd:URLS',
    isMandatory: true,
  },
  { flags: '--to <store>', description: 'The store that gets them, in the same form', isMandatory: true },
  { flags: '--dry-run', description: 'Only show what would be copied' },
  {
    flags: '--merge',
    description: 'Also into a store with other routes: those stay, and those of the same name change',
  },
] as const satisfies readonly OptionSpec[]

export const copyRoutes: Subcommand<typeof OPTIONS> = {
  name: 'copy-routes',
  description: 'copy the routes of one store into another, and verify that all are there',
  options: OPTIONS,
  note:
    'Stop the proxy of the first store before, or copy again after. --storage-name, --etcd-ssl-ca, -key and -cert and\n' +
    '--etcd-user are those of both stores. Exit status: 0 all routes are there, 1 some are not.',
  async run({ from: source, to: target, dryRun, merge }, options) {
    const context = { options, env: process.env, log: LOG }
    const from = await storeNamed('--from', source, context)
    const to = await storeNamed('--to', target, context)
    const found = await compareStores(from, to)
    print(differencesText(found))
    const lacking = toPost(found).size
    if (dryRun) return lacking === 0 ? 0 : 1
    const conflicting = found.changed.size + found.others.length
    if (conflicting > 0 && !merge) {
      throw new FatalError(
        `${to.name} has ${conflicting} other routes. Nothing was copied. Add --merge to copy into it.`,
      )
    }
    const { copied, left } = await copyStore(from, to, found)
    const missing = toPost(left).size
    print(
      missing === 0
        ? `${copied} copied: all ${left.same} are there`
        : `${copied} copied, ${missing} are lacking: were they changed meanwhile? Copy again`,
    )
    return missing === 0 ? 0 : 1
  },
}

const silent = () => {}
const tell = (message: string) => void process.stderr.write(`${message}\n`)

/** Only what is wrong. */
const LOG: Logger = { debug: silent, info: silent, warn: tell, error: tell, child: () => LOG }

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
