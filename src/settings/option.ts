/**
 * One command-line option. The command line, its help, the tables in the documents and the schema of the Helm chart's
 * values are made from it.
 */
export interface OptionSpec {
  /** `--name`, `--no-name` or `--name <what>`. */
  readonly flags: string
  readonly description: string
  readonly isMandatory?: true
  readonly default?: string | number
  /** What the default is, where no constant says it. */
  readonly defaultDescription?: string
  /** The only values. The help lists them, unless `parse` reads them: then the description does. */
  readonly choices?: readonly string[]
  readonly number?: NumberRange
  readonly parse?: (value: string, previous: never) => unknown
  /** Options that it can't be given with, as commander names them. */
  readonly conflicts?: readonly string[]
}

/** The numbers that an option takes, all of them whole. */
export interface NumberRange {
  readonly least: number
  readonly most: number
  /** The error message for any other value. */
  readonly objection: string
}

export const PORT = { least: 1, most: 65_535, objection: 'A port is a number from 1 to 65535.' } as const

/** Up to the longest time that a google.protobuf.Duration has: 10,000 years. */
export const MILLISECONDS = {
  least: 0,
  most: 315_576_000_000_000,
  objection: 'A time in milliseconds is a whole number up to 315576000000000.',
} as const

/** @param most an upper bound far above any sensible value */
export function wholeNumber(what: string, least: number, most: number): NumberRange {
  return { least, most, objection: `${what} is a whole number from ${least} to ${most}.` }
}

/**
 * The values of options, as commander names and keeps them: `--max-heap <MiB>` is `maxHeap`, `--no-x-forward` sets
 * `xForward` to false. Declare options with `as const`, so that names and types can be read from the declaration.
 */
export type OptionValues<Specs extends readonly OptionSpec[]> = Flattened<
  { readonly [S in Specs[number] as S extends AlwaysSet ? NameOf<S['flags']> : never]: ValueOf<S> } & {
    readonly [S in Specs[number] as S extends AlwaysSet ? never : NameOf<S['flags']>]?: ValueOf<S>
  }
>

type AlwaysSet = { readonly default: string | number } | { readonly isMandatory: true } | { readonly flags: Negated }

type Negated = `--no-${string}`
type WithArgument = `--${string} <${string}>`

type ValueOf<Spec extends OptionSpec> = Spec extends { readonly parse: (...args: never) => infer Value }
  ? Value
  : Spec extends { readonly number: NumberRange }
    ? number
    : Spec extends { readonly choices: ReadonlyArray<infer Choice> }
      ? Choice
      : Spec extends { readonly flags: WithArgument }
        ? string
        : Spec extends { readonly flags: Negated }
          ? boolean
          : true

type NameOf<Flags extends string> = Flags extends `${infer Flag} <${string}>`
  ? NameOf<Flag>
  : Flags extends `--no-${infer Name}`
    ? CamelCase<Name>
    : Flags extends `--${infer Name}`
      ? CamelCase<Name>
      : never

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

/** As one object type, as editors show it. */
type Flattened<T> = { [K in keyof T]: T[K] }
