import { counted, rounded } from '../../operations/page/format.js'
import type { Content, Markup } from '../../operations/page/html.js'
import { html, verbatim } from '../../operations/page/html.js'
import { incidentNamed } from '../incidents/all.js'
import type { Rehearsal } from '../record.js'
import type { Outcome } from '../verdict/check.js'
import { sizingText } from '../verdict/sizing.js'
import type { Verdict } from '../verdict/verdict.js'
import { EXIT_STATUS } from '../verdict/verdict.js'
import { chart, clock } from './chart.js'
import { chartsOf } from './charts.js'
import { marksOf } from './marks.js'
import { actsTable, failuresTable, gapsTable, generatorCard, processesTable, tableCard, usersTable } from './tables.js'

export const OUTCOMES: Readonly<Record<Outcome, { readonly word: string; readonly colour: string }>> = {
  pass: { word: 'ok', colour: 'green' },
  fail: { word: 'failed', colour: 'red' },
  unknown: { word: 'not known', colour: 'amber' },
}

const COLOURS: Readonly<Record<Verdict['status'], string>> = { 0: 'green', 1: 'red', 2: 'amber' }

/** A page with its style in it and nothing else: it needs no other file, no network and no script. */
export function page(title: string, style: string, main: Content): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${verbatim(style)}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`.toString()
}

/** The report on one rehearsal, as HTML. */
export function reportPage(rehearsal: Rehearsal, verdict: Verdict, style: string): string {
  const { proxy, options, started } = rehearsal
  const marks = marksOf(rehearsal.incidents)
  const main = html`${banner(rehearsal, verdict)}
<p class="soft">${named(rehearsal)}; ${counted(options.users, 'user')} of profile ${options.profile}, who come within ${rounded(options.rampMs / 1000)} s; seed ${options.seed}; began <time datetime="${started}">${started.slice(0, 19).replace('T', ' ')} UTC</time>.</p>
${tableCard('checks', 'What was asked of it', ['Verdict', 'What', 'Figure', 'At most'], verdict.checks.map(checkRow))}
${sizing(rehearsal)}
${incidentsCard(rehearsal)}
<section class="card" aria-labelledby="time"><h2 id="time">Over time</h2><div class="grid">${chartsOf(rehearsal).map((one) => chart(one, marks))}</div></section>
<div class="grid">${gapsTable(rehearsal)}${actsTable(rehearsal)}</div>
${failuresTable(rehearsal)}
${usersTable(rehearsal)}
${processesTable(rehearsal)}
${generatorCard(rehearsal)}
${proxy.command !== undefined && html`<p class="soft small">The proxy was started by <code>${proxy.command.join(' ')}</code></p>`}`
  return page(`Rehearsal: ${EXIT_STATUS[verdict.status]}`, style, main)
}

/** The proxy, with its version. */
export function named({ proxy }: Rehearsal): string {
  return proxy.version === undefined ? proxy.name : `${proxy.name} ${proxy.version}`
}

function banner({ options }: Rehearsal, { status, doubts, notApplicable }: Verdict): Markup {
  const what = options.incidents.length === 0 ? 'An ordinary day' : options.incidents.join(', ')
  return html`<section class="verdict ${COLOURS[status]}" aria-label="Verdict"><p class="word">${what}</p>
<h1>The rehearsal ${status === 2 ? '' : 'has '}${EXIT_STATUS[status]}</h1>
${[...doubts, ...notApplicable].map((sentence) => html`<p>${sentence}</p>`)}</section>`
}

function checkRow({ name, outcome, figure, limit }: Verdict['checks'][number]): readonly Content[] {
  return [tag(outcome), name, figure, limit]
}

export function tag(outcome: Outcome): Markup {
  const { word, colour } = OUTCOMES[outcome]
  return html`<span class="tag ${colour}">${word}</span>`
}

function sizing(rehearsal: Rehearsal): Markup | false {
  const lines = sizingText(rehearsal)?.split('\n')
  if (lines === undefined) return false
  return html`<section class="card" aria-labelledby="size"><h2 id="size">The size to request</h2>${lines.map((line) => html`<p>${line}</p>`)}</section>`
}

function incidentsCard({ incidents }: Rehearsal): Markup | false {
  if (incidents.length === 0) return false
  const items = incidents.map(({ name, fromMs, toMs, deeds, failed }, index) => {
    const known = incidentNamed(name)
    return html`<li><h3>${index + 1}. ${name}, ${clock(fromMs / 1000)} to ${clock(toMs / 1000)}</h3>
${known && html`<p>${known.description} What users of a good proxy notice: ${known.noticed}</p>`}
${failed !== undefined && html`<p><strong>${failed}</strong></p>`}
<ul>${deeds.map(({ atMs, what }) => html`<li>${clock(atMs / 1000)} ${what}</li>`)}</ul></li>`
  })
  return html`<section class="card" aria-labelledby="incidents"><h2 id="incidents">Incidents</h2><ul class="plain">${items}</ul></section>`
}
