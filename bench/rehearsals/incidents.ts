import { INCIDENTS } from '../../src/rehearse/incidents/all.js'
import { markdownTable } from '../report/markdown-table.js'
import type { Figures } from './figures.js'
import { COLUMNS, cellsOf, figuresOf, worse } from './figures.js'
import { replacePart } from './part.js'
import { PROXIES, rehearsed } from './run.js'

/**
 * Short, so that both proxies go through all incidents in twenty minutes: an incident is over within 20 s, and JupyterLab waits for
 * up to 30 s before it looks for its kernel again.
 */
const USERS = 40
const COURSE = ['--for', '45s', '--ramp', '5s'] as const
const AT = '10s'

const CONTENDERS = ['chp-5', 'this'] as const
type Contender = (typeof CONTENDERS)[number]

/** The incidents as they happen one by one; the outages as a whole are rehearsed for longer. */
export const SHORT_INCIDENTS = INCIDENTS.map(({ name }) => name).filter((name) => !name.startsWith('core-'))

export interface Result {
  readonly incident: string
  readonly figures: Readonly<Record<Contender, Figures>>
}

/**
 * Rehearses each incident with both proxies in turn, and writes the result into the document if it was all.
 *
 * @param only some of them
 * @returns the tables
 */
export async function incidentRehearsals(only: readonly string[]): Promise<string> {
  const unknown = only.find((name) => !INCIDENTS.some((incident) => incident.name === name))
  if (unknown !== undefined) throw new Error(`There is no incident '${unknown}'.`)
  const results: Result[] = []
  for (const incident of only.length > 0 ? only : SHORT_INCIDENTS) {
    console.error(`... ${incident}`)
    const one = async (proxy: Contender) =>
      figuresOf(await rehearsed({ proxy, users: USERS, options: [...COURSE, '--incident', `${incident}@${AT}`] }))
    results.push({ incident, figures: { 'chp-5': await one('chp-5'), this: await one('this') } })
  }
  const tables = incidentTables(results)
  if (only.length === 0) await replacePart('verdicts', tables)
  return tables
}

/** Verdicts, figures, and what this proxy did worse than CHP. */
export function incidentTables(results: readonly Result[]): string {
  const verdict = ({ verdict: word, reasons }: Figures) => (reasons === '' ? word : `${word}: ${reasons}`)
  const verdicts = results.map(({ incident, figures }) => [
    `\`${incident}\``,
    ...CONTENDERS.map((proxy) => verdict(figures[proxy])),
  ])
  const rows = results.flatMap(({ incident, figures }) =>
    CONTENDERS.map((proxy) => [`\`${incident}\``, PROXIES[proxy].title, ...cellsOf(figures[proxy])]),
  )
  const losses = results.flatMap(({ incident, figures }) => {
    const found = figures['chp-5'].verdict === 'does not apply' ? [] : worse(figures.this, figures['chp-5'])
    return found.length === 0 ? [] : [`- \`${incident}\`: ${found.join('; ')}`]
  })
  return [
    `${USERS} users, each rehearsal by`,
    `    configurable-envoy-proxy rehearse --proxy-only --users ${USERS} ${COURSE.join(' ')} --incident NAME@${AT}`,
    'and for CHP with `--proxy-command configurable-http-proxy` beside it.',
    markdownTable(['Incident', ...CONTENDERS.map((proxy) => PROXIES[proxy].title)], verdicts, 'words'),
    'The figures behind them:',
    markdownTable(['Incident', 'Proxy', ...COLUMNS], rows),
    'Where CHP did better by more than a fifth:',
    losses.length === 0 ? '- nowhere' : losses.join('\n'),
  ].join('\n\n')
}
