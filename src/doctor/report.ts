import { printable } from '../platform/text.js'
import type { Result } from './model/check.js'

/** Everything that was found about one subject. */
export interface Report {
  /** What was examined, in words. */
  readonly subject: string
  readonly results: readonly Result[]
}

/** How the command ends, so that a script can act on it. */
export const EXIT_STATUS = {
  0: 'all is well',
  1: 'a start would fail, or users are not served',
  2: 'something should be mended, or a check could not be made',
} as const

export function exitStatusOf(results: readonly Result[]): keyof typeof EXIT_STATUS {
  if (results.some(({ state, fatal }) => state === 'failed' && fatal)) return 1
  return results.some(({ state }) => state === 'failed' || state === 'undone') ? 2 : 0
}

/** The most characters shown of a finding: files and hubs choose part of some. */
const SHOWN = 1_000

/** For people: what failed first, each with what to do; checks whose question doesn't arise are only counted. */
export function asText({ subject, results }: Report): string {
  const of = (wanted: string) => results.filter((result) => wordOf(result) === wanted)
  const lines = ['FATAL', 'mend', '?', 'ok'].flatMap(of).flatMap(linesOf)
  const counts = [
    `${of('FATAL').length} fatal`,
    `${of('mend').length} to mend`,
    `${of('?').length} not known`,
    `${of('ok').length} well`,
    `${of('-').length} that don't apply`,
  ]
  const status = exitStatusOf(results)
  return [subject, '', ...lines, '', `${counts.join(', ')}: ${EXIT_STATUS[status]}`, ''].join('\n')
}

function linesOf(result: Result): string[] {
  const line = `${wordOf(result).padEnd(6)} ${result.code}  ${result.question} ${printable(result.finding, SHOWN)}`
  return result.state === 'failed' ? [line, `       -> ${printable(result.remedy, SHOWN)}`] : [line]
}

function wordOf({ state, fatal }: Result): string {
  switch (state) {
    case 'ok':
      return 'ok'
    case 'failed':
      return fatal ? 'FATAL' : 'mend'
    case 'undone':
      return '?'
    case 'inapplicable':
      return '-'
  }
}

/** For programs. */
export function asJson({ subject, results }: Report): string {
  const checks = results.map(({ code, question, fatal, state, finding, remedy }) => ({
    ...{ code, question, fatal, state, finding },
    ...(state === 'failed' ? { remedy } : {}),
  }))
  return `${JSON.stringify({ subject, status: exitStatusOf(results), checks }, undefined, 2)}\n`
}
