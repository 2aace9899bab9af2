import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import type { OptionSpec } from './options.js'
import { OPTIONS } from './options.js'
import { PACKAGE_ROOT } from './proto.js'
import type { ApiOptions } from './settings/api.js'
import type { LimitOptions } from './settings/limits.js'
import type { MetricsOptions } from './settings/metrics.js'
import type { RedirectOptions } from './settings/redirect.js'
import type { StoreOptions } from './settings/store.js'
import type { TlsOptions } from './settings/tls.js'

/** The values of the options, as commander names them. */
export interface CommandLine
  extends TlsOptions,
    ApiOptions,
    LimitOptions,
    MetricsOptions,
    RedirectOptions,
    StoreOptions {
  readonly ip?: string
  readonly defaultTarget?: string
  readonly errorTarget?: string
  readonly errorPath?: string
  readonly pidFile?: string
  readonly xForward: boolean
  readonly prependPath: boolean
  readonly includePrefix: boolean
  readonly autoRewrite?: true
  readonly changeOrigin?: true
  readonly protocolRewrite?: string
  readonly customHeader: Readonly<Record<string, string>>
  readonly hostRouting?: true
  readonly timeout?: number
  readonly proxyTimeout?: number
  readonly keepAliveTimeout?: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly envoyPath?: string
  readonly workers?: number
  readonly orphanTimeout: number
}

const GROUPS: Readonly<Record<OptionSpec['group'], string>> = {
  CHP: 'Options of configurable-http-proxy:',
  Envoy: 'Options of its own:',
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(`${PACKAGE_ROOT}package.json`, 'utf8')) as { version: string }).version
}

export interface ParsedCommandLine {
  /** Whether to run, or to stop what runs with the same options. */
  readonly action: 'run' | 'stop'
  readonly values: CommandLine
}

/**
 * Reads the command line. On an unknown option or a bad value, commander writes one line to stderr and exits with 1, as
 * CHP does.
 */
export function parseCommandLine(argv: readonly string[]): ParsedCommandLine {
  const command = new Command('configurable-envoy-proxy')
    .description("JupyterHub's proxy, with Envoy carrying the traffic. A drop-in for configurable-http-proxy.")
    .version(packageVersion())
    .helpOption('-h, --help', 'display help for command')
    .allowExcessArguments(false)
  for (const spec of OPTIONS) command.addOption(toOption(spec))
  command.addHelpText('after', '\nThe REST API wants the token in CONFIGPROXY_AUTH_TOKEN, from the environment only.')
  let action: ParsedCommandLine['action'] = 'run'
  command.helpCommand(false).action(() => {})
  command
    .command('stop')
    .description('stop the proxy that was started with these options, or the Envoy that it left behind')
    .action(() => {
      action = 'stop'
    })
  command.parse(argv, { from: 'user' })
  return { action, values: command.opts<CommandLine>() }
}

function toOption(spec: OptionSpec): Option {
  const note = spec.defaultDescription === undefined ? '' : ` (default: ${spec.defaultDescription})`
  const option = new Option(spec.flags, spec.description + note).helpGroup(GROUPS[spec.group])
  if (spec.default !== undefined) option.default(spec.default)
  if (spec.conflicts !== undefined) option.conflicts([...spec.conflicts])
  if (spec.parse !== undefined) option.argParser(spec.parse as (value: string, previous: unknown) => unknown)
  return option
}
