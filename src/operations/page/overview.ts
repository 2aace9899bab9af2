import type { LimitFill } from '../../metrics/snapshot.js'
import type { Finding, Verdict } from '../status/finding.js'
import type { Overview, TrafficView } from '../status/overview.js'
import { certificates, controlPlane, envoys, events, failures } from './details.js'
import { members } from './fleet.js'
import { bytes, counted, latency, percent, rounded, span } from './format.js'
import type { Markup } from './html.js'
import { html } from './html.js'
import { LEVEL_WORDS, searchBox } from './layout.js'

/** The first view: whether all is well, what is wrong, what to do; then the figures. */
export function overviewPage(view: Overview, hostRouting: boolean): Markup {
  return html`${banner(view.verdict)}
${otherFindings(view.verdict.findings.slice(1))}
${searchBox('', undefined, hostRouting)}
<p id="stale" class="stale" role="alert" hidden></p>
<p id="made" class="soft small">As of <time datetime="${view.at}">${view.at.slice(11, 19)} UTC</time>. Where scripts run, it is renewed every 10 seconds.</p>
<div id="figures" class="grid">
${traffic(view)}
${failures(view)}
${events(view)}
${limits(view.limits)}
${envoys(view)}
${members(view)}
${certificates(view)}
${controlPlane(view)}
</div>`
}

/** It says itself when it changes, to whoever can't see it. */
export function banner({ level, reason, findings }: Verdict): Markup {
  const [worst] = findings
  return html`<section id="verdict" class="verdict ${level}" role="status" aria-label="State of the proxy">
<p class="word">${LEVEL_WORDS[level]}</p>
<h1>${reason}</h1>
${worst && html`<p><strong>Do now:</strong> ${worst.remedy}</p>`}
</section>`
}

function otherFindings(findings: readonly Finding[]): Markup {
  if (findings.length === 0) return html`<div id="findings"></div>`
  return html`<section id="findings" class="card" aria-labelledby="also"><h2 id="also">Also</h2><ul class="plain">${findings.map(
    ({ level, what, remedy }) =>
      html`<li><span class="tag ${level}">${LEVEL_WORDS[level]}</span> ${what}<p class="soft">${remedy}</p></li>`,
  )}</ul></section>`
}

function traffic({ traffic: view, routes }: Overview): Markup {
  const { latency: times, open } = view
  return html`<section class="card whole" aria-labelledby="traffic"><h2 id="traffic">Users' requests, last ${span(Math.max(1, view.seconds))}</h2>
<dl class="figures">
${figure('Requests a second', rounded(view.requestsPerSecond), counted(view.requests, 'request'))}
${figure('Failed in the proxy', rounded(view.failed), failedShare(view))}
${figure('Errors of servers', rounded(serverErrors(view)), 'answers 5xx')}
${figure('Half answered within', seconds(times.p50), 'p50')}
${figure('99 % answered within', seconds(times.p99), 'p99')}
${figure('To users', `${bytes(view.bytesPerSecond.sent)}/s`, `${bytes(view.bytesPerSecond.received)}/s from them`)}
${figure('Connections', rounded(open.connections), 'open now')}
${figure('Websockets', rounded(open.websockets), 'open now')}
${figure('Routes', rounded(routes.total), routes.refused > 0 && html`<strong>${counted(routes.refused, 'route')} refused</strong>`)}
</dl></section>`
}

function figure(name: string, value: string, more?: string | Markup | false): Markup {
  return html`<div><dt>${name}</dt><dd>${value}${more && html`<span class="small soft">${more}</span>`}</dd></div>`
}

function failedShare({ failed, requests }: TrafficView): string {
  return requests === 0 ? 'no requests' : `${percent(Math.min(1, failed / requests))} of all`
}

/** Envoy's own answers are among them; those count as failed in the proxy. */
function serverErrors({ byClass, failed }: TrafficView): number {
  return Math.max(0, (byClass['5'] ?? 0) - failed)
}

function seconds(value: number | null): string {
  return value === null ? '-' : latency(value)
}

const LIMIT_NAMES: Readonly<Record<string, string>> = {
  heap: "Envoy's memory (--max-heap)",
  connections: "Users' connections (--max-connections)",
  requests_per_route: 'Requests of the fullest route (--max-requests-per-route)',
  waiting_requests: 'Memory of requests that wait for their bodies',
  uploads: 'Uploads under way',
  api_connections: 'Connections to the REST API',
  metrics_connections: 'Connections to the metrics',
  xds_connections: 'Connections of Envoys',
}

function limits(all: readonly LimitFill[]): Markup {
  return html`<section class="card" aria-labelledby="limits"><h2 id="limits">Limits</h2><ul class="plain">${all.map(limit)}</ul></section>`
}

function limit({ limit: name, envoy, used, max, ratio }: LimitFill, index: number): Markup {
  const words = LIMIT_NAMES[name] ?? name
  const show = name === 'heap' || name === 'waiting_requests' ? bytes : rounded
  const of = max === undefined ? '' : ` of ${show(max)} (${percent(ratio)})`
  const bar =
    max !== undefined &&
    html`<meter aria-labelledby="limit-${index}" min="0" max="1" low="0.7" high="0.85" optimum="0" value="${ratio}">${percent(ratio)}</meter>`
  return html`<li><span id="limit-${index}">${words}</span>${envoy !== undefined && html` <span class="soft small">${envoy}</span>`}<p>${show(used)}${of}</p>${bar}</li>`
}
