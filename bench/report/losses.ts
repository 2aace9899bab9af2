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
}

/** All of them, in the order of the works, each with the best of the others. */
export function lossesIn(works: readonly Work[], samples: readonly Sample[]): Loss[] {
  return works.flatMap((work) =>
    Object.entries(work.figures).flatMap(([name, figure]) => {
      const medianOf = (contender: ContenderName) => {
        const values = [...valuesOf(samples, work.name, contender, name).values()]
        return values.length === 0 ? undefined : median(values)
      }
      const ours = medianOf('ours')
      if (ours === undefined || figure.isCondition) return []
      const isBetter = (value: number) => (isMoreBetter(figure) ? value > ours : value < ours)
      const better = work.contenders.flatMap((contender) => {
        const theirs = medianOf(contender)
        return theirs !== undefined && isBetter(theirs) ? [{ work, figure, contender, ours, theirs }] : []
      })
      const [best] = better.sort((one, other) => (one.theirs - other.theirs) * (isMoreBetter(figure) ? -1 : 1))
      return best === undefined ? [] : [best]
    }),
  )
}
