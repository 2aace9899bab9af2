import { Command, InvalidArgumentError, Option } from 'commander'
import { packageVersion } from '../platform/package.js'
import { isOfChp } from '../settings/chp-options.js'
import type { NumberRange, OptionSpec } from '../settings/option.js'
import type { Options } from '../settings/settings.js'
import { OPTIONS } from '../settings/settings.js'
import type { Subcommand } from './commands/subcommand.js'
import { errorLine } from './process/exit.js'

/** What commander adds to an error, on a line of its own. */
const SUGGESTION = /\n\(Did you mean [^\n]*\)\n$/

const GROUPS = { chp: 'Options of configurable-http-proxy:', own: 'Options of its own:' } as const

export interface CommandLine {
  /** The values of the proxy's options. */
  readonly values: Options
  /** What to do in place of running the proxy, if anything; it returns the exit status. */
  readonly subcommand: (() => Promise<number | undefined>) | undefined
}

/**
 * Reads the command line. On an unknown option or a bad value, commander writes one line to stderr and exits with 1, as
 * CHP does.
 */
export function parseCommandLine(argv: readonly string[], subcommands: readonly Subcommand[]): CommandLine {
  const program = proxyCommand()
  const usageStatus = subcommands.find(({ name }) => argv.includes(name))?.usageStatus
  // Before the subcommands are made, which inherit it.
  if (usageStatus !== undefined) program.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : usageStatus))
  let subcommand: CommandLine['subcommand']
  addSubcommands(program, subcommands, (run) => {
    subcommand = () => run(program.opts<Options>())
  })
  // Subcommands have inherited that they take no excess arguments; the proxy's own are a misspelt subcommand.
  program.allowExcessArguments()
  program.parse(argv, { from: 'user' })
  return { values: program.opts<Options>(), subcommand }
}

type Run = (values: Options) => Promise<number | undefined>

/** @param choose is called with the one that the command line names */
function addSubcommands(parent: Command, subcommands: readonly Subcommand[], choose: (run: Run) => void): void {
  for (const { name, description, argument, options, note, run, subcommands: own = [] } of subcommands) {
    const command = parent.command(name).description(description)
    if (argument !== undefined) command.argument(`<${argument.name}>`, argument.description)
    if (note !== undefined) command.addHelpText('after', `\n${note}`)
    for (const spec of options) command.addOption(toOption(spec))
    command.action(() => {
      const [first = '', ...more] = command.args
      choose((values) => run(command.opts(), values, first, more))
    })
    addSubcommands(command, own, choose)
  }
}

/** Whether a command line has valid options of the proxy and nothing else: no subcommand, no request for help. */
export function hasOnlyOptions(argv: readonly string[]): boolean {
  const silent = () => {}
  const program = proxyCommand().configureOutput({ writeOut: silent, writeErr: silent, outputError: silent })
  try {
    program.exitOverride().parse(argv, { from: 'user' })
    return true
  } catch {
    return false
  }
}

function proxyCommand(): Command {
  const program = new Command('configurable-envoy-proxy')
    .description("JupyterHub's proxy, with Envoy carrying the traffic. A drop-in for configurable-http-proxy.")
    .version(packageVersion())
    .helpOption('-h, --help', 'display help for command')
    .allowExcessArguments(false)
    .configureOutput({ outputError })
  for (const spec of OPTIONS) {
    program.addOption(toOption(spec).helpGroup(isOfChp(spec) ? GROUPS.chp : GROUPS.own))
  }
  program.addHelpText('after', '\nThe REST API wants the token in CONFIGPROXY_AUTH_TOKEN, from the environment only.')
  return program.helpCommand(false).action(() => {
    const [stray] = program.args
    if (stray !== undefined) program.error(unknownCommand(stray, program.commands))
  })
}

/** commander quotes arguments as they are, line ends and control characters too. */
function outputError(text: string, write: (text: string) => void): void {
  const [end] = SUGGESTION.exec(text) ?? ['\n']
  write(errorLine(text.slice(0, -end.length)) + end)
}

function unknownCommand(name: string, known: ReadonlyArray<Command>): string {
  const names = known.map((command) => command.name()).join(', ')
  return `error: unknown command '${name}'. The commands are ${names}; without one the proxy runs.`
}

function toOption(spec: OptionSpec): Option {
  const isConstant = spec.default !== undefined
  const note = isConstant || spec.defaultDescription === undefined ? '' : ` (default: ${spec.defaultDescription})`
  const option = new Option(spec.flags, spec.description + note)
  if (spec.choices !== undefined && spec.parse === undefined) option.choices([...spec.choices])
  if (spec.isMandatory) option.makeOptionMandatory()
  if (isConstant) option.default(spec.default, spec.defaultDescription)
  if (spec.conflicts !== undefined) option.conflicts([...spec.conflicts])
  if (spec.number !== undefined) option.argParser(numberIn(spec.number))
  if (spec.parse !== undefined) option.argParser(spec.parse as (value: string, previous: unknown) => unknown)
  return option
}

function numberIn({ least, most, objection }: NumberRange): (value: string) => number {
  return (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < least || number > most) throw new InvalidArgumentError(objection)
    return number
  }
}
