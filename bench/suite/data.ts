import type { ContenderName } from '../contenders/contender.js'
import type { Machine } from '../machine/machine.js'
import type { Values } from '../works/work.js'
import type { Effort } from './effort.js'

/** What one measurement of one contender gave. */
export interface Sample {
  readonly work: string
  readonly contender: ContenderName
  /** From 1. Samples of one round were taken one after the other. */
  readonly round: number
  readonly values: Values
}

export interface Failure {
  readonly work: string
  readonly contender: ContenderName
  readonly error: string
}

/** All that a run gave: what the report is made of. */
export interface BenchData {
  readonly command: string
  readonly startedAt: string
  readonly seconds: number
  readonly effort: Effort
  readonly machine: Machine
  readonly contenders: ReadonlyArray<{
    readonly name: ContenderName
    readonly title: string
    readonly version: string
  }>
  readonly missing: ReadonlyArray<{ readonly title: string; readonly install: string }>
  readonly samples: readonly Sample[]
  readonly failures: readonly Failure[]
}

/** The values of a figure, by round. */
export function valuesOf(
  samples: readonly Sample[],
  work: string,
  contender: ContenderName,
  figure: string,
): ReadonlyMap<number, number> {
  const own = samples.filter((sample) => sample.work === work && sample.contender === contender)
  return new Map(
    own.flatMap(({ round, values }) => {
      const value = values[figure]
      return value === undefined || Number.isNaN(value) ? [] : [[round, value] as const]
    }),
  )
}
