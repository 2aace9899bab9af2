import { Command, Option } from 'commander'
import { packageVersion } from '../platform/package.js'
import type { BootstrapOptions } from '../settings/bootstrap.js'
import type { Options } from '../settings/settings.js'
import type { OptionSpec } from './options.js'
import { OPTIONS } from './options.js'
import { BOOTSTRAP_OPTIONS, DRAIN_OPTIONS, STOP_OPTIONS } from './subcommand-options.js'

const GROUPS: Readonly<Record<NonNullable<OptionSpec['group']>, string>> = {
  CHP: 'Options of configurable-http-proxy:',
  Envoy: 'Options of its own:',
}

/** The options of `stop`, as commander names them. */
export interface StopOptions {
  readonly forget?: true
}

/** The options of `drain`, as commander names them. */
export interface DrainOptions {
  readonly adminSocket: string
  readonly seconds: number
}

/** What to do: run, stop what runs with the same options, or help an Envoy that others start. */
export type ParsedCommandLine = { readonly values: Options } & (
  | { readonly action: 'run' }
  | { readonly action: 'stop'; readonly own: StopOptions }
  | { readonly action: 'bootstrap'; readonly own: BootstrapOptions }
  | { readonly action: 'drain'; readonly own: DrainOptions }
)

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
  let parsed: (values: Options) => ParsedCommandLine = (values) => ({ action: 'run', values })
  command.helpCommand(false).action(() => {
    const [stray] = command.args
    if (stray !== undefined) command.error(unknownCommand(stray, command.commands))
  })
  const stop = command
    .command('stop')
    .description('stop the proxy that was started with these options, or the Envoy that it left behind')
    .action((own: StopOptions) => {
      parsed = (values) => ({ action: 'stop', own, values })
    })
  for (const spec of STOP_OPTIONS) stop.addOption(toOption(spec))
  const bootstrap = command
    .command('bootstrap')
    .description('print what an external Envoy is to be started with')
    .addHelpText('after', `\nOf the proxy's options it takes ${BOOTSTRAP_SHARED}.`)
    .action((own: BootstrapOptions) => {
      parsed = (values) => ({ action: 'bootstrap', own, values })
    })
  for (const spec of BOOTSTRAP_OPTIONS) bootstrap.addOption(toOption(spec))
  const drain = command
    .command('drain')
    .description('send clients away from an external Envoy that is about to be stopped')
    .action((own: DrainOptions) => {
      parsed = (values) => ({ action: 'drain', own, values })
    })
  for (const spec of DRAIN_OPTIONS) drain.addOption(toOption(spec))
  // Not before its subcommands have taken over that they don't: what is in excess here is a misspelt subcommand.
  command.allowExcessArguments()
  command.parse(argv, { from: 'user' })
  return parsed(command.opts<Options>())
}

function unknownCommand(name: string, known: ReadonlyArray<Command>): string {
  const names = known.map((command) => command.name()).join(', ')
  return `error: unknown command '${name}'. The commands are ${names}; without one the proxy runs.`
}

const BOOTSTRAP_SHARED = '--xds-address, --xds-ssl-key, --xds-ssl-cert, --xds-ssl-ca, --max-heap and --max-connections'

function toOption(spec: OptionSpec): Option {
  const isConstant = spec.default !== undefined
  const note = isConstant || spec.defaultDescription === undefined ? '' : ` (default: ${spec.defaultDescription})`
  const option = new Option(spec.flags, spec.description + note)
  if (spec.group !== undefined) option.helpGroup(GROUPS[spec.group])
  if (spec.choices !== undefined) option.choices([...spec.choices])
  if (spec.isMandatory) option.makeOptionMandatory()
  if (isConstant) option.default(spec.default, spec.defaultDescription)
  if (spec.conflicts !== undefined) option.conflicts([...spec.conflicts])
  if (spec.parse !== undefined) option.argParser(spec.parse as (value: string, previous: unknown) => unknown)
  return option
}
