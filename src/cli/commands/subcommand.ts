import type { OptionSpec, OptionValues } from '../../settings/option.js'
import type { Options } from '../../settings/settings.js'

/** A command such as `stop`, instead of running the proxy. main.ts lists them. */
export interface Subcommand<Specs extends readonly OptionSpec[] = readonly OptionSpec[]> {
  readonly name: string
  /** Its line in the proxy's help. */
  readonly description: string
  /** Its own, such as `rehearse compare`. */
  readonly subcommands?: readonly Subcommand[]
  /** What it takes beside options; undefined if nothing. With `...` at the end of its name, as many as are given. */
  readonly argument?: { readonly name: string; readonly description: string }
  readonly options: Specs
  /** Shown below its help. */
  readonly note?: string
  /** The exit status for an error in its command line, if it is another than 1. */
  readonly usageStatus?: number
  /**
   * @param own the values of its options
   * @param values the values of the proxy's options, which every subcommand takes as well
   * @param argument its argument; '' if it takes none
   * @param more further arguments, if it takes several
   * @returns the exit status, if it is another than 0
   * @throws FatalError explaining what can't be done
   */
  run(own: OptionValues<Specs>, values: Options, argument: string, more: readonly string[]): Promise<number | undefined>
}
