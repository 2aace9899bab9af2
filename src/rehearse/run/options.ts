import { InvalidArgumentError } from 'commander'
import { FatalError } from '../../platform/fatal-error.js'
import type { OptionSpec, OptionValues } from '../../settings/option.js'
import { wholeNumber } from '../../settings/option.js'
import { planIncidents } from '../incidents/plan.js'
import { PROFILES } from '../load/profiles.js'
import { usualRamp } from '../load/schedule.js'
import type { ProfileName } from '../record.js'
import type { RehearsalSettings, Target } from './settings.js'

const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[]

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, '': 1_000 }

const DEFAULT = { users: 100, forMs: 300_000, seed: 1, api: 'http://127.0.0.1:8001' } as const

export const REHEARSAL_OPTIONS = [
  {
    flags: '--proxy-only',
    description: "Rehearse a proxy alone: hub and users' servers are played. Without more it starts this proxy",
  },
  {
    flags: '--proxy-command <command>',
    description: 'Start this one instead, such as "configurable-http-proxy"; addresses and ports are added',
    conflicts: ['proxyUrl', 'hub'],
  },
  {
    flags: '--proxy-url <url>',
    description: 'Use a proxy that runs and has no routes: where users reach it',
    conflicts: ['hub'],
  },
  {
    flags: '--api-url <url>',
    description: "With --proxy-url: its REST API. With --hub: its proxy's, to tell which processes these are",
    defaultDescription: `${DEFAULT.api}, with --hub none`,
  },
  {
    flags: '--hub <url>',
    description: 'Rehearse a real hub, with its proxy and its servers: where users reach it',
    conflicts: ['proxyOnly'],
  },
  { flags: '--server-name <name>', description: 'With --hub: each user starts a named server of this name' },
  {
    flags: '--users <n>',
    description: 'How many users come',
    default: DEFAULT.users,
    number: wholeNumber('The number of users', 1, 50_000),
  },
  {
    flags: '--profile <name>',
    description: 'What they do',
    default: 'lecture',
    choices: ['lecture', 'homework', 'exam', 'idle'],
  },
  {
    flags: '--for <time>',
    description: 'How long it runs, such as 90s or 10m',
    defaultDescription: '5m',
    parse: duration,
  },
  {
    flags: '--ramp <time>',
    description: 'Within which time all users come',
    defaultDescription: "the profile's part of --for",
    parse: duration,
  },
  {
    flags: '--seed <n>',
    description: 'The same number gives the same users, doing the same at the same times',
    default: DEFAULT.seed,
    number: wholeNumber('The seed', 0, 2_147_483_647),
  },
  {
    flags: '--incident <name>',
    description: 'What happens meanwhile, such as envoy-killed or core-2024, or at a time: table-lost@90s. Repeatable',
    parse: (name: string, previous?: readonly string[]) => [...(previous ?? []), ...name.split(',')],
  },
  {
    flags: '--this-is-my-hub',
    description: 'Allow public addresses: the load and the incidents are for a system of yours',
  },
] as const satisfies readonly OptionSpec[]

type RehearsalOptions = OptionValues<typeof REHEARSAL_OPTIONS>

/** Tokens come by the environment: others on this machine see the arguments of a program. */
export interface Tokens {
  readonly CONFIGPROXY_AUTH_TOKEN?: string | undefined
  readonly JUPYTERHUB_API_TOKEN?: string | undefined
}

/** @throws FatalError if they don't say what to rehearse, or contradict each other */
export function readRehearsalSettings(options: RehearsalOptions, tokens: Tokens): RehearsalSettings {
  const { users, profile, seed, for: forMs = DEFAULT.forMs, incident = [] } = options
  const rampMs = options.ramp ?? usualRamp(profile, forMs)
  if (rampMs > forMs) throw new FatalError('--ramp is longer than --for: not all users would come.')
  const incidents = planIncidents(incident, { rampMs, forMs })
  const target = targetOf(options, tokens)
  const isMine = options.thisIsMyHub === true
  for (const { asked, incident: one } of incidents) {
    if (one.needs.includes('own proxy') && target.kind !== 'own') {
      throw new FatalError(
        `${asked} kills processes of the proxy, so the rehearsal must have started it: leave out --proxy-url.`,
      )
    }
    if (one.needs.includes('tls') && target.kind !== 'own') {
      throw new FatalError(
        `${asked} renews the certificate of a proxy that the rehearsal has started: leave out --proxy-url.`,
      )
    }
    if (one.needs.includes('played hub') && target.kind === 'hub') {
      throw new FatalError(`${asked} happens to a hub that is played: use --proxy-only.`)
    }
  }
  return { users, profile, seed, forMs, rampMs, incidents, target, isMine }
}

function targetOf(options: RehearsalOptions, tokens: Tokens): Target {
  const { proxyOnly, proxyCommand, proxyUrl, apiUrl, hub, serverName } = options
  if (hub !== undefined) {
    const token = tokens.JUPYTERHUB_API_TOKEN
    if (!token) throw new FatalError('--hub needs the token of an administrator of the hub in JUPYTERHUB_API_TOKEN.')
    return { kind: 'hub', url: hub, apiUrl, token, serverName }
  }
  if (!proxyOnly) throw new FatalError('What is to be rehearsed? A proxy alone: --proxy-only. A real hub: --hub URL.')
  if (proxyUrl !== undefined) {
    return { kind: 'given', publicUrl: proxyUrl, apiUrl: apiUrl ?? DEFAULT.api, token: tokens.CONFIGPROXY_AUTH_TOKEN }
  }
  return { kind: 'own', command: proxyCommand }
}

function duration(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? []
  const ms = Math.round(Number(number) * (UNIT_MS[unit] ?? 0))
  if (!(ms >= 1_000) || ms > 7 * 24 * 3_600_000)
    throw new InvalidArgumentError('A time is a number with s, m or h: 90s, 10m, 1h.')
  return ms
}

/** The profiles, for the help. */
export function profilesText(): string {
  return PROFILE_NAMES.map((name) => `  ${name.padEnd(10)}${PROFILES[name].description}`).join('\n')
}
