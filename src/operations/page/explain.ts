import type {
  EnvoyHolding,
  ExplainedEvent,
  ExplainedFailure,
  ExplainedRoute,
  Explanation,
} from '../explain/explanation.js'
import type { Finding } from '../explain/finding.js'
import type { Probe } from '../probe/probe.js'
import { eventWords } from '../status/overview.js'
import { listCard } from './details.js'
import { ago, counted, rounded } from './format.js'
import type { Content, Markup } from './html.js'
import { html } from './html.js'
import { searchBox } from './layout.js'

/** What becomes of a request, and why; the search box above it has the question. */
export function explainPage(view: Explanation, hostRouting: boolean): Markup {
  const { asked, at, route, candidates, envoys, probe, errors, events } = view
  return html`${searchBox(asked.path, asked.host ?? undefined, hostRouting)}
${answer(view)}
<div class="grid">
${route === null ? html`` : routeCard(route, at)}
${envoys.length > 0 && html`<section class="card" aria-labelledby="who"><h2 id="who">What each Envoy has</h2><ul class="plain">${envoys.map(holding)}</ul></section>`}
${probe !== null && probeCard(probe)}
${
  errors.length > 0 &&
  listCard(
    'errors',
    'Its last failures',
    errors.map((error) => oneError(error, at)),
  )
}
${
  events.length > 0 &&
  listCard(
    'events',
    'What happened lately',
    events.map((event) => oneEvent(event, at)),
  )
}
${
  candidates.length > 1 &&
  html`<section class="card" aria-labelledby="others"><h2 id="others">Routes that match, the longest first</h2><ul class="plain">${candidates.map(
    ({ routespec, target, takes, refused }) =>
      html`<li><strong>${routespec}</strong>${takes && ' takes the request'}<p class="soft">${target}</p>${refused !== null && html`<p>${refused}</p>`}</li>`,
  )}</ul></section>`
}
</div>`
}

const SEVERITY_LEVELS: Readonly<Record<Finding['severity'], string>> = { ok: 'green', warning: 'amber', error: 'red' }
const SEVERITY_WORDS: Readonly<Record<Finding['severity'], string>> = {
  ok: 'Reachable',
  warning: 'Reachable, but',
  error: 'Not reachable',
}

function answer({ findings }: Explanation): Markup {
  const [first, ...others] = findings
  if (first === undefined) return html``
  const { severity, what, todo } = first
  return html`<section class="verdict ${SEVERITY_LEVELS[severity]}" role="status" aria-label="Answer">
<p class="word">${SEVERITY_WORDS[severity]}</p>
<h1>${what}</h1>${todo !== '' && html`<p><strong>Do now:</strong> ${todo}</p>`}
</section>${
    others.length > 0 &&
    html`<section class="card" aria-labelledby="also"><h2 id="also">Also</h2><ul class="plain">${others.map(
      (other) => html`<li>${other.what}<p class="soft">${other.todo}</p></li>`,
    )}</ul></section>`
  }`
}

function routeCard(route: ExplainedRoute, at: string): Markup {
  const { routespec, why, target, addresses, posted, added, lastActivity, underWay, underWayOf } = route
  return html`<section class="card" aria-labelledby="route"><h2 id="route">The route</h2><dl class="facts">
${fact('Route', routespec)}
${fact('Why this one', why)}
${fact('Target', target)}
${addresses.length > 0 && fact('Addresses', addresses.join(', '))}
${added !== null && fact('Added', ago(added, at))}
${fact('Last active', ago(lastActivity, at))}
${fact('Under way', counted(underWay, 'request') + (underWayOf === 'all' ? '' : ', of those that last longer than 2 s'))}
${Object.entries(posted)
  .filter(([name]) => name !== 'target')
  .map(([name, value]) => fact(`Posted: ${name}`, String(value) || '(empty)'))}
</dl></section>`
}

const STATES: Readonly<Record<EnvoyHolding['state'], string>> = {
  acknowledged: 'has it as it is in the table',
  earlier: 'has an earlier version; the latest is on its way',
  refused: 'refuses it',
  missing: "doesn't have it yet; it is on its way",
  loading: 'has just started, and does not serve yet',
}

/** What the control plane's own request to the target found. */
function probeCard({ outcome, status, ms, detail }: Probe): Markup {
  const found = status === null ? PROBED[outcome] : `It answers with status ${status}`
  return html`<section class="card" aria-labelledby="probe"><h2 id="probe">Asked just now</h2><p>${found}${detail !== '' && ` (${detail})`}, after ${rounded(ms)} ms.</p><p class="soft small">By the control plane itself, from its own place in the network.</p></section>`
}

const PROBED: Readonly<Record<Probe['outcome'], string>> = {
  answers: 'It answers',
  refused: 'The connection is refused',
  no_socket: 'There is no such socket',
  denied: 'The control plane may not use the socket',
  no_connection: 'The connection is neither accepted nor refused',
  no_answer: 'It accepts the connection and does not answer',
  unreachable: 'No way leads there',
  unresolved: 'Its name does not resolve',
  not_http: 'It does not answer as a web server',
  not_tls: 'It does not speak TLS',
  certificate_expired: 'Its certificate has expired',
  certificate_refused: 'Its certificate is not accepted',
}

function oneError({ reason, count, last }: ExplainedFailure, at: string): Markup {
  return html`<li>${reason}<p class="soft small">${counted(count, 'request')}, last ${ago(last, at)}</p></li>`
}

function oneEvent({ kind, subject, at: when, count, reason }: ExplainedEvent, at: string): Markup {
  return html`<li>${eventWords(kind, subject, reason)}<p class="soft small">${count > 1 && `${rounded(count)} times, last `}${ago(when, at)}</p></li>`
}

function holding({ node, state, reason }: EnvoyHolding): Markup {
  return html`<li><strong>${node}</strong> ${STATES[state]}${reason !== null && html`<p>${reason}</p>`}</li>`
}

function fact(name: string, value: Content): Markup {
  return html`<dt>${name}</dt><dd>${value}</dd>`
}
