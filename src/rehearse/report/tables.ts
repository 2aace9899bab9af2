import { bytes, counted, latency, rounded } from '../../operations/page/format.js'
import type { Content, Markup } from '../../operations/page/html.js'
import { html } from '../../operations/page/html.js'
import { Histogram } from '../histogram.js'
import type { Rehearsal, UserRecord } from '../record.js'
import { ROLE_NAMES } from './charts.js'

/** A page of thousands of users is read by nobody; the JSON has them all. */
const USERS_SHOWN = 50

/** The upper bounds of gaps of service that are told apart, in seconds. */
const GAPS = [0, 1, 2, 5, 10, 30, Number.POSITIVE_INFINITY] as const

/** A card with a table that scrolls sideways where there is no room. */
export function tableCard(
  id: string,
  title: string,
  head: readonly string[],
  rows: readonly (readonly Content[])[],
): Markup {
  const body = rows.map((cells) => html`<tr>${cells.map(cellOf)}</tr>`)
  return html`<section class="card" aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
<div class="scroll" role="group" aria-labelledby="${id}" tabindex="0"><table><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead><tbody>${body}</tbody></table></div></section>`
}

/** Figures stay in one line, text may have several. */
function cellOf(cell: Content): Markup {
  const isFigure = typeof cell === 'string' && /^[\d.,]+ \S+$/.test(cell)
  return isFigure ? html`<td class="figure">${cell}</td>` : html`<td>${cell}</td>`
}

export function failuresTable({ failures }: Rehearsal): Markup | false {
  if (failures.length === 0) return false
  const rows = failures.map(({ kind, excused, count, users, firstMs, lastMs, example }) => [
    kind,
    excused ? "an incident's own doing" : 'counts',
    rounded(count),
    rounded(users),
    `${rounded(firstMs / 1000)} - ${rounded(lastMs / 1000)} s`,
    html`<code>${example}</code>`,
  ])
  return tableCard('failures', 'Failures by kind', ['Kind', 'Counts', 'Failures', 'Users', 'When', 'One of them'], rows)
}

export function gapsTable({ users }: Rehearsal): Markup {
  const longest = users.map(({ longestGapMs }) => longestGapMs / 1000)
  const rows = GAPS.map((to, index) => {
    const from = GAPS[index - 1] ?? -1
    const count = longest.filter((gap) => gap > from && gap <= to).length
    const words = to === 0 ? 'none' : to === Number.POSITIVE_INFINITY ? `over ${from} s` : `up to ${to} s`
    const share = count / Math.max(1, users.length)
    return [
      words,
      html`${rounded(count)}<meter aria-label="Users whose longest gap is ${words}" min="0" max="1" value="${share}"></meter>`,
    ]
  })
  return tableCard('gaps', 'Longest gap of service, by users', ['Gap', 'Users'], rows)
}

export function usersTable({ users }: Rehearsal): Markup | false {
  const worst = users.filter(({ failures, websocketsBroken }) => failures + websocketsBroken > 0).sort(byHarm)
  if (worst.length === 0) return false
  const rows = worst
    .slice(0, USERS_SHOWN)
    .map(({ name, requests, failures, websocketsBroken, gaps, longestGapMs, totalGapMs, longestKernelGapMs }) => [
      ...[name, rounded(requests), rounded(failures), rounded(websocketsBroken), rounded(gaps)],
      ...[latency(longestGapMs / 1000), latency(totalGapMs / 1000), latency(longestKernelGapMs / 1000)],
    ])
  const title = `Users who were harmed: ${rounded(worst.length)}${worst.length > USERS_SHOWN ? `, the worst ${USERS_SHOWN}` : ''}`
  const gaps = ['Gaps', 'Longest gap', 'All gaps', 'Longest without kernel']
  const head = ['User', 'Requests', 'Failures', 'Broken websockets', ...gaps]
  return tableCard('users', title, head, rows)
}

function byHarm(one: UserRecord, other: UserRecord): number {
  return other.longestGapMs - one.longestGapMs || other.failures - one.failures
}

export function actsTable({ acts }: Rehearsal): Markup {
  const rows = acts.map(({ act, count, failed, latency: times }) => {
    const histogram = Histogram.of(times)
    const quantiles = [0.5, 0.9, 0.99, 1].map((share) => latency(histogram.quantile(share) / 1000))
    return [act, rounded(count), rounded(failed), ...quantiles]
  })
  return tableCard('acts', 'What users did', ['What', 'How often', 'Failed', 'p50', 'p90', 'p99', 'At most'], rows)
}

export function processesTable({ processes }: Rehearsal): Markup | false {
  if (processes.length === 0) return false
  const rows = processes.map(({ pid, role, command, samples }) => {
    const most = (values: readonly number[]) => values.reduce((greatest, value) => Math.max(greatest, value), 0)
    const [first, last] = [samples[0], samples.at(-1)]
    return [
      ...[String(pid), ROLE_NAMES[role]],
      `${rounded((first?.atMs ?? 0) / 1000)} - ${rounded((last?.atMs ?? 0) / 1000)} s`,
      `${(((last?.cpuMs ?? 0) - (first?.cpuMs ?? 0)) / 1000).toFixed(1)} s`,
      bytes(most(samples.map(({ rssBytes }) => rssBytes))),
      rounded(most(samples.map(({ sockets }) => sockets))),
      html`<code>${command.slice(0, 160)}</code>`,
    ]
  })
  const head = ['Process', 'Role', 'Seen', 'Processor time', 'Memory at most', 'Sockets at most', 'Command']
  return tableCard('processes', 'Processes of the proxy', head, rows)
}

/** What the rehearsal itself took, so that a reader can judge whether it was the limit. */
export function generatorCard({ generator, durationMs, machine }: Rehearsal): Markup {
  const { cpuMs, maxRssBytes, latenessP99Ms, busiestThread } = generator
  return html`<section class="card" aria-labelledby="generator"><h2 id="generator">The rehearsal itself</h2>
<dl class="facts"><dt>Its processor time</dt><dd>${rounded(cpuMs / 1000)} s of ${rounded(durationMs / 1000)} s, users, hub and servers together</dd>
<dt>Its busiest thread</dt><dd>${rounded(busiestThread * 100)} % of one processor</dd>
<dt>Its memory</dt><dd>${bytes(maxRssBytes)} at most</dd>
<dt>Late by</dt><dd>${latency(latenessP99Ms / 1000)} at most in 99 % of all acts</dd>
<dt>On</dt><dd>${counted(machine.cpus, 'processor')}, ${bytes(machine.memoryBytes)}, ${machine.os}, Node.js ${machine.node}</dd></dl></section>`
}
