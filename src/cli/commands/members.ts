import { callApi } from '../../api/client.js'
import type { FleetView, MemberView } from '../../fleet/view.js'
import { MEMBERS_PATH } from '../../operations/members.js'
import { shownAddress } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import { printable } from '../../platform/text.js'
import { readApiSettings } from '../../settings/api.js'
import { readMachine } from '../../settings/machine.js'
import type { OptionSpec } from '../../settings/option.js'
import type { Options } from '../../settings/settings.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  {
    flags: '--output <format>',
    description: 'text for people, json for programs',
    default: 'text',
    choices: ['text', 'json'],
  },
] as const satisfies readonly OptionSpec[]

export const members: Subcommand<typeof OPTIONS> = {
  name: 'members',
  description: 'show the control planes that serve the same routes, their Envoys, and which were fenced and why',
  options: OPTIONS,
  note:
    "It asks the running proxy, whose API it finds by the proxy's options (--api-port, --api-ip, ...), with the token in\n" +
    'CONFIGPROXY_AUTH_TOKEN.',
  async run({ output }, values) {
    const view = await ask(values)
    process.stdout.write(output === 'json' ? `${JSON.stringify(view, undefined, 2)}\n` : asText(view))
    return undefined
  },
}

/** @throws FatalError if the proxy can't be asked, or is the only one */
async function ask(values: Options): Promise<FleetView> {
  const { env } = process
  const api = await readApiSettings(values, env, readMachine())
  const where = shownAddress(api.at)
  const call = callApi(api, { path: MEMBERS_PATH, token: env.CONFIGPROXY_AUTH_TOKEN })
  const { status, body } = await call.catch((error: Error) => {
    throw new FatalError(`${error.message}. Is the proxy running, and is its API at ${where}?`)
  })
  if (status === 200) return JSON.parse(body) as FleetView
  if (status === 403) throw new FatalError(`The API at ${where} refuses: set CONFIGPROXY_AUTH_TOKEN to its token.`)
  if (status === 404) {
    throw new FatalError(`The proxy at ${where} has no others: it keeps its routes where only one control plane can.`)
  }
  throw new FatalError(`The API at ${where} answered ${status}: ${printable(body, 200)}`)
}

/** For people. */
export function asText({ store, revision, members: all, fenced }: FleetView): string {
  const lines = [
    `Routes are in ${store}, at revision ${revision}`,
    ...all.flatMap((member) => ['', ...aboutMember(member, revision)]),
    ...(fenced.length === 0 ? [] : ['', 'Have lost their place lately:']),
    ...fenced.map(({ at, id, address, why }) => `  ${at}  ${address ?? id}: ${why}`),
  ]
  return `${lines.map((line) => printable(line, 1_000)).join('\n')}\n`
}

const STANDINGS: Readonly<Record<MemberView['standing'], string>> = {
  in: 'in its place',
  joining: 'joins',
  'catching-up': 'joins, and reads what others have written',
  doubtful: 'does not know whether others still count on it',
  out: 'has no place',
}

function aboutMember(member: MemberView, revision: string): string[] {
  const { id, address, self, standing, acknowledged, envoys } = member
  const behind = BigInt(revision) - BigInt(acknowledged)
  const heard = member.heard_seconds_ago === null ? 'never heard here' : `heard ${member.heard_seconds_ago} s ago`
  const lease =
    member.lease_renewed_seconds_ago === null ? [] : [`lease renewed ${member.lease_renewed_seconds_ago} s ago`]
  return [
    `${address ?? 'no address'}${self ? ' (this one)' : ''}: ${member.fenced ? 'fenced' : STANDINGS[standing]}`,
    `  id           ${id}`,
    `  acknowledged ${acknowledged}${behind > 0n ? `, ${behind} behind` : ''}`,
    `  Envoys       ${envoys.length === 0 ? 'none' : envoys.join(', ')}`,
    `  contact      ${[...(self ? [] : [heard]), ...lease].join(', ')}`,
  ]
}
