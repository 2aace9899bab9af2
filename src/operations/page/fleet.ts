import type { FencedView, FleetView, MemberView } from '../../fleet/view.js'
import type { Overview } from '../status/overview.js'
import { ago, span } from './format.js'
import type { Markup } from './html.js'
import { html } from './html.js'

/** The control planes that serve the same routes, and who has lost its place lately. */
export function members({ fleet, at }: Overview): Markup | false {
  if (fleet === null) return false
  return html`<section class="card" aria-labelledby="members"><h2 id="members">Control planes</h2>
<p class="soft small">Routes in ${fleet.store}, last write ${fleet.revision}.</p>
<ul class="plain">${fleet.members.map((member) => oneMember(member, fleet))}</ul>
${fleet.fenced.length > 0 && html`<h3>Lost their place</h3><ul class="plain">${fleet.fenced.map((one) => oneFenced(one, at))}</ul>`}
</section>`
}

function oneMember(member: MemberView, { revision }: FleetView): Markup {
  const { id, address, self, standing, acknowledged, envoys, heard_seconds_ago: heard, fenced } = member
  const renewed = member.lease_renewed_seconds_ago
  const place = fenced ? 'fenced' : standing === 'in' ? 'in its place' : standing
  const isWell = standing === 'in' && !fenced
  return html`<li><h3>${address ?? id}${self && html` <span class="soft small">this one</span>`}</h3><dl class="facts">
<dt>Place</dt><dd>${isWell ? place : html`<span class="tag amber">${place}</span>`}</dd>
<dt>Acknowledged</dt><dd>${acknowledged === revision ? 'the last write' : `write ${acknowledged}`}</dd>
<dt>Envoys</dt><dd>${envoys.length === 0 ? 'none' : envoys.join(', ')}</dd>
${heard !== null && html`<dt>Heard</dt><dd>${span(heard)} ago</dd>`}
${renewed !== null && html`<dt>Lease renewed</dt><dd>${span(renewed)} ago</dd>`}
</dl></li>`
}

function oneFenced({ at, id, address, self, why }: FencedView, now: string): Markup {
  return html`<li>${address ?? id}${self && ' (this one)'}: ${why} <span class="soft small">${ago(at, now)}</span></li>`
}
