import type { Contender } from '../contenders/contender.js'
import type { Work } from '../works/work.js'

export interface Choice {
  readonly contenders: readonly Contender[]
  readonly works: readonly Work[]
}

/**
 * What `--only` leaves of all: the named contenders, or all if none is named; the named works, or all if none is named. A
 * name that ends with `*` stands for all that begin like it.
 *
 * @throws Error with all names if one is unknown
 */
export function choose(all: Choice, only: readonly string[]): Choice {
  const [contenders, works] = [matching(all.contenders, only), matching(all.works, only)]
  const known = [...all.contenders, ...all.works]
  const unknown = only.filter((pattern) => !known.some(({ name }) => isMeant(name, pattern)))
  if (unknown.length > 0) throw new Error(`--only ${unknown.join(',')} is neither of these:\n${listed(all)}`)
  return {
    contenders: contenders.length > 0 ? contenders : all.contenders,
    works: works.length > 0 ? works : all.works,
  }
}

/** All names, for help. */
export function listed({ contenders, works }: Choice): string {
  const line = ({ name, title }: { readonly name: string; readonly title: string }) => `  ${name.padEnd(20)} ${title}`
  return ['Contenders:', ...contenders.map(line), 'Works:', ...works.map(line)].join('\n')
}

function matching<T extends { readonly name: string }>(things: readonly T[], only: readonly string[]): T[] {
  return things.filter(({ name }) => only.some((pattern) => isMeant(name, pattern)))
}

function isMeant(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
