/** Whether users notice: `green` for no, `amber` for not yet or only some of them, `red` for many or all. */
export type Level = 'green' | 'amber' | 'red'

/** Something that is wrong, or will be soon. */
export interface Finding {
  /** Names the kind of finding, for programs. */
  readonly code: string
  readonly level: Exclude<Level, 'green'>
  /** A sentence that says what is wrong, and with what. */
  readonly what: string
  /** What to do now. */
  readonly remedy: string
}

/** The state of the proxy in one line, and all that led to it. */
export interface Verdict {
  readonly level: Level
  /** A sentence: the worst finding, or that there is none. */
  readonly reason: string
  /** The worst first. */
  readonly findings: readonly Finding[]
}
