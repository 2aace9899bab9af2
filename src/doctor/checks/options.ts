import { FatalError } from '../../platform/fatal-error.js'
import type { Check } from '../model/check.js'
import { failed, ok } from '../model/check.js'
import type { Subject } from '../model/subject.js'

/** What is wrong with the options, and what has no effect. */
export interface OptionFacts {
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
}

function factsOf({ sections }: Subject): OptionFacts {
  const all = Object.values(sections)
  const faults = all.filter((section) => section instanceof FatalError).map(({ message }) => message)
  // The token and the limits have checks of their own.
  const warnings = [sections.tls, sections.external].flatMap((section) =>
    section === undefined || section instanceof FatalError ? [] : section.warnings,
  )
  return { faults: [...new Set(faults)], warnings }
}

export const OPTIONS_USABLE: Check<Subject, OptionFacts> = {
  code: 'CEP0101',
  question: 'Can every option be used, and every file that one names?',
  fatal: true,
  remedy: 'Mend the option that is named; `configurable-envoy-proxy --help` has them all',
  gather: async (subject) => factsOf(subject),
  judge: ({ faults }) => (faults.length === 0 ? ok('all of them') : failed(faults.join(' '))),
}

export const OPTIONS_EFFECTIVE: Check<Subject, OptionFacts> = {
  code: 'CEP0102',
  question: 'Does every option have the effect that it seems to have?',
  fatal: false,
  remedy: 'A start warns of the same; change or leave out the option that is named',
  gather: async (subject) => factsOf(subject),
  judge: ({ warnings }) => (warnings.length === 0 ? ok('all of them') : failed(warnings.join('. '))),
}
