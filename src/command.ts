import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import type { OptionSpec } from './options.js'
import { OPTIONS } from './options.js'
import { PACKAGE_ROOT } from './proto.js'
import type { ApiOptions } from './settings/api.js'
import type { MetricsOptions } from './settings/metrics.js'
import type { RedirectOptions } from './settings/redirect.js'
import type { TlsOptions } from './settings/tls.js'

/** The values of the active options, as commander names them. */
export interface CommandLine extends TlsOptions, ApiOptions, MetricsOptions, RedirectOptions {
  readonly ip?: string
  readonly storageBackend?: string
  readonly defaultTarget?: string
  readonly errorTarget?: string
  readonly errorPath?: string
  readonly pidFile?: string
  readonly hostRouting?: true
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly envoyPath?: string
  readonly workers?: number
}

const GROUPS: Readonly<Record<OptionSpec['group'], string>> = {
  CHP: 'Options of configurable-http-proxy:',
  Envoy: 'Options of its own:',
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(`${PACKAGE_ROOT}package.json`, 'utf8')) as { version: string }).version
}

/**
 * Reads the command line. On an unknown option or a bad value, commander writes one line to stderr and exits with 1, as
 * CHP does.
 *
 * @returns the values, and the flags that were given though they have no effect yet
 */
export function parseCommandLine(argv: readonly string[]): { values: CommandLine; inactive: string[] } {
  const command = new Command('configurable-envoy-proxy')
    .description("JupyterHub's proxy, with Envoy carrying the traffic. A drop-in for configurable-http-proxy.")
    .version(packageVersion())
    .helpOption('-h, --help', 'display help for command')
    .allowExcessArguments(false)
  const options = OPTIONS.map((spec) => ({ spec, option: toOption(spec) }))
  for (const { option } of options) command.addOption(option)
  command.addHelpText('after', '\nThe REST API wants the token in CONFIGPROXY_AUTH_TOKEN, from the environment only.')
  command.parse(argv, { from: 'user' })
  const inactive = options
    .filter(({ spec, option }) => !spec.active && command.getOptionValueSource(option.attributeName()) === 'cli')
    .map(({ option }) => option.long ?? option.flags)
  return { values: command.opts<CommandLine>(), inactive }
}

function toOption(spec: OptionSpec): Option {
  const notes = [
    ...(spec.defaultDescription === undefined ? [] : [`default: ${spec.defaultDescription}`]),
    ...(spec.active ? [] : ['not active yet']),
  ]
  const description = notes.length === 0 ? spec.description : `${spec.description} (${notes.join(', ')})`
  const option = new Option(spec.flags, description).helpGroup(GROUPS[spec.group])
  if (spec.default !== undefined) option.default(spec.default)
  if (spec.conflicts !== undefined) option.conflicts([...spec.conflicts])
  if (spec.parse !== undefined) option.argParser(spec.parse as (value: string, previous: unknown) => unknown)
  return option
}
