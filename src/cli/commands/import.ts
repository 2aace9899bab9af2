import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { FatalError } from '../../platform/fatal-error.js'
import { printable } from '../../platform/text.js'
import type { OptionSpec } from '../../settings/option.js'
import { differences, toPost } from '../../transfer/differences.js'
import type { RouteList } from '../../transfer/remote-api.js'
import { parseRoutes, RemoteApi } from '../../transfer/remote-api.js'
import { takeOver } from '../../transfer/take-over.js'
import { differencesText } from '../../transfer/text.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  {
    flags: '--from <what>',
    description: 'The REST API of the proxy whose routes are taken, a file that export has written, or - for the input',
    isMandatory: true,
  },
  { flags: '--to <url>', description: 'The REST API of the proxy that gets them', default: 'http://127.0.0.1:8001' },
  { flags: '--dry-run', description: 'Only show what would be added' },
] as const satisfies readonly OptionSpec[]

export const importRoutes: Subcommand<typeof OPTIONS> = {
  name: 'import',
  description: 'take the routes of one proxy over into another, CHP or this one, and verify that all are there',
  options: OPTIONS,
  note:
    'The token of both REST APIs is taken from CONFIGPROXY_AUTH_TOKEN; if the first has another, from\n' +
    'CONFIGPROXY_FROM_TOKEN. Nothing is removed. Exit status: 0 all routes are there, 1 some are not.',
  async run({ from, to, dryRun }) {
    const { CONFIGPROXY_AUTH_TOKEN: token, CONFIGPROXY_FROM_TOKEN: fromToken = token } = process.env
    const source = await sourceOf(from, fromToken)
    const receiver = new RemoteApi(to, token)
    const found = differences(await source(), await receiver.list())
    print(differencesText(found))
    if (dryRun) return toPost(found).size === 0 ? 0 : 1
    const { posted, failed, left } = await takeOver(source, receiver)
    for (const [routespec, reason] of failed) print(`! ${printable(routespec, 200)}: ${reason}`)
    const lacking = toPost(left).size
    print(
      lacking === 0
        ? `${posted} taken over: all ${left.same} are there`
        : `${posted} taken over, ${lacking} are lacking`,
    )
    return lacking === 0 ? 0 : 1
  },
}

/** Reads an API anew each time; a file once. */
async function sourceOf(from: string, token: string | undefined): Promise<() => Promise<RouteList>> {
  if (/^https?:/.test(from)) {
    const api = new RemoteApi(from, token)
    return () => api.list()
  }
  const content = await (from === '-' ? text(process.stdin) : readFile(from, 'utf8')).catch((error: Error) => {
    throw new FatalError(`--from ${from} can't be read: ${error.message}`)
  })
  const routes = parseRoutes(content, from === '-' ? 'The input' : from)
  return async () => routes
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
