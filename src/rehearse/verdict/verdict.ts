import { incidentNamed } from '../incidents/all.js'
import type { IncidentRecord, Rehearsal } from '../record.js'
import type { Check, Outcome } from './check.js'
import { RESOURCES } from './resources.js'
import { SERVICE } from './service.js'
import type { Thresholds } from './thresholds.js'
import { DEFAULT_THRESHOLDS } from './thresholds.js'

/** How the command ends, so that a script can act on it. */
export const EXIT_STATUS = {
  0: 'passed',
  1: 'failed',
  2: "can't be judged",
} as const

export interface Verdict {
  readonly status: keyof typeof EXIT_STATUS
  readonly checks: readonly Check[]
  /** In sentences: why it can't be judged, or not wholly. */
  readonly doubts: readonly string[]
  /** In sentences: what didn't happen, since the proxy has no part for it. */
  readonly notApplicable: readonly string[]
}

/**
 * What a rehearsal shows, against thresholds. A check that failed is a failure even of a rehearsal that was ended early, and
 * one that saw less than was asked for can't pass. If the generator was what was slow, what users saw says nothing; what the
 * proxy itself shows, such as sockets that it never closes, still does.
 */
export function judge(rehearsal: Rehearsal, thresholds: Thresholds = DEFAULT_THRESHOLDS): Verdict {
  const [service, resources] = [SERVICE, RESOURCES].map((checks) =>
    checks.flatMap((check) => check(rehearsal, thresholds) ?? []),
  ) as [Check[], Check[]]
  const { limits } = rehearsal.generator
  const doubts = [...limits.map((limit) => `The rehearsal itself was a limit: ${limit}`), ...unseen(rehearsal)]
  const checks = [...service, ...resources]
  const hasFailed = (limits.length > 0 ? resources : checks).some(({ outcome }) => outcome === 'fail')
  const status = hasFailed ? 1 : doubts.length > 0 ? 2 : 0
  const notApplicable = rehearsal.incidents
    .filter(isNotApplicable)
    .map(({ name, failed }) => `${name} does not apply: ${failed}.`)
  return { status, checks, doubts, notApplicable }
}

/** What was asked for and could not be seen. */
function unseen({ ended, incidents, options, seconds, users }: Rehearsal): string[] {
  const found: string[] = []
  if (ended === 'interrupted') found.push('It was interrupted.')
  else if (ended !== 'complete') found.push(`It ended early: ${ended.failed}.`)
  if (seconds.every(({ requests }) => requests === 0)) found.push('No request was answered.')
  else if (!users.some(({ readyAfterMs }) => readyAfterMs !== undefined)) {
    found.push('Nobody got as far as a notebook: give it more time with --for.')
  }
  for (const { name, failed } of incidents.filter((incident) => !isNotApplicable(incident))) {
    if (failed !== undefined) found.push(`${name} could not be done: ${failed}`)
    else if (incidentNamed(name) === undefined) found.push(`${name} is an incident that this version does not know.`)
  }
  const missing = options.incidents.length - incidents.length
  if (missing > 0) found.push(`${missing} of ${options.incidents.length} incidents did not begin.`)
  return found
}

function isNotApplicable({ applicable }: IncidentRecord): boolean {
  return !applicable
}

const WORDS: Readonly<Record<Outcome, string>> = { pass: 'ok', fail: 'FAILED', unknown: '?' }

/** For people: a line for each check, with its figure, and what follows from them. */
export function verdictText({ status, checks, doubts, notApplicable }: Verdict): string {
  const widths = [
    Math.max(...checks.map(({ name }) => name.length)),
    Math.max(...checks.map(({ figure }) => figure.length)),
  ]
  const lines = checks.map(({ name, outcome, figure, limit }) =>
    [WORDS[outcome].padEnd(6), name.padEnd(widths[0] ?? 0), figure.padEnd(widths[1] ?? 0), `(at most ${limit})`].join(
      '  ',
    ),
  )
  return [
    `The rehearsal ${status === 2 ? '' : 'has '}${EXIT_STATUS[status]}.`,
    ...doubts,
    ...notApplicable,
    ...lines,
  ].join('\n')
}
