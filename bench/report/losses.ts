import type { ContenderName } from '../contenders/contender.js'
import { median } from '../statistics.js'
import type { Sample } from '../suite/data.js'
import { valuesOf } from '../suite/data.js'
import type { Figure, Work } from '../works/work.js'
import { isMoreBetter } from '../works/work.js'

/** A figure at which another contender was better than this proxy. */
export interface Loss {
  readonly work: Work
  readonly figure: Figure
  readonly contender: ContenderName
  /** The medians. */
  readonly ours: number
  readonly theirs: number
  /** How many times better; Infinity if the other one takes nothing. */
  readonly factor: number
}

/** What is as good: two runs differ by more. */
const AS_GOOD = 1.02

/** All of them, the greatest first, each with the best of the others. */
export function lossesIn(works: readonly Work[], samples: readonly Sample[]): Loss[] {
  return works
    .flatMap((work) =>
      Object.entries(work.figures).flatMap(([name, figure]) => {
        const medianOf = (contender: ContenderName) => {
          const values = [...valuesOf(samples, work.name, contender, name).values()]
          return values.length === 0 ? undefined : median(values)
        }
        const ours = medianOf('ours')
        if (ours === undefined || figure.isCondition) return []
        const better = work.contenders.flatMap((contender) => {
          const theirs = medianOf(contender)
          if (theirs === undefined) return []
          const factor = isMoreBetter(figure) ? theirs / ours : ours / theirs
          return factor > AS_GOOD ? [{ work, figure, contender, ours, theirs, factor }] : []
        })
        return better.sort(greatestFirst).slice(0, 1)
      }),
    )
    .sort(greatestFirst)
}

function greatestFirst(one: Loss, other: Loss): number {
  return one.factor === other.factor ? 0 : other.factor - one.factor
}
