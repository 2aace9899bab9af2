import type { CertificateView, EnvoyView, EventView, FailureView, Overview } from '../status/overview.js'
import { ago, bytes, counted, latency, percent, rounded, span } from './format.js'
import type { Content, Markup } from './html.js'
import { html } from './html.js'

/** The Envoys, and what each has of its configuration. */
export function envoys({ envoys: all, at }: Overview): Markup {
  const list = html`<ul class="plain">${all.map((envoy) => oneEnvoy(envoy, at))}</ul>`
  return html`<section class="card" aria-labelledby="envoys"><h2 id="envoys">Envoys</h2>${
    all.length === 0 ? html`<p>None is connected.</p>` : list
  }</section>`
}

function oneEnvoy(envoy: EnvoyView, at: string): Markup {
  const { id, version, since, heapBytes, physicalBytes, connections, uptimeSeconds } = envoy
  return html`<li><h3>${id}</h3><dl class="facts">
${fact('Version', version ?? 'not known')}
${fact('Configuration', configuration(envoy))}
${fact('Connected', ago(since, at))}
${fact('Runs for', uptimeSeconds === null ? 'not known' : span(uptimeSeconds))}
${fact('Memory', heapBytes === null ? 'not known' : `${bytes(heapBytes)} heap, ${bytes(physicalBytes ?? 0)} in all`)}
${fact('Connections', connections === null ? 'not known' : rounded(connections))}
</dl></li>`
}

function configuration({ pending, rejected }: EnvoyView): Content {
  const waits = pending > 0 && html`${counted(pending, 'change')} not acknowledged yet`
  const refuses = rejected > 0 && html`<span class="tag amber">refuses ${counted(rejected, 'resource')}</span>`
  if (waits === false && refuses === false) return 'the latest, acknowledged'
  return [refuses, waits && refuses && ', ', waits]
}

function fact(name: string, value: Content): Markup {
  return html`<dt>${name}</dt><dd>${value}</dd>`
}

/** From how many days on an end is marked. */
const SOON_DAYS = 14

/** The certificates in use, those that end first before others. */
export function certificates({ certificates: all }: Overview): Markup | false {
  if (all.length === 0) return false
  const sorted = [...all].sort((one, other) => one.daysLeft - other.daysLeft)
  return html`<section class="card" aria-labelledby="certificates"><h2 id="certificates">Certificates</h2><ul class="plain">${sorted.map(oneCertificate)}</ul></section>`
}

function oneCertificate({ option, path, expires, daysLeft }: CertificateView): Markup {
  const left = daysLeft < 0 ? 'expired' : `${counted(daysLeft, 'day')} left`
  const level = daysLeft < 0 ? 'red' : 'amber'
  const shown = daysLeft < SOON_DAYS ? html`<span class="tag ${level}">${left}</span>` : left
  return html`<li><code>${option}</code> ${shown}<p class="soft small">${path}, until <time datetime="${expires}">${expires.slice(0, 10)}</time></p></li>`
}

/** Which requests failed lately, and why. */
export function failures({ failures: all, at }: Overview): Markup {
  return listCard(
    'failures',
    'Requests that failed last',
    all.map((failure) => oneFailure(failure, at)),
  )
}

function oneFailure({ routespec, target, reason, count, last }: FailureView, at: string): Markup {
  const where = routespec === null ? 'No route' : html`<strong>${routespec}</strong>`
  return html`<li>${where}: ${reason}<p class="soft small">${target !== null && `${target}, `}${counted(count, 'request')}, last ${ago(last, at)}</p></li>`
}

/** Refusals and restarts. */
export function events({ events: all, at }: Overview): Markup {
  return listCard(
    'events',
    'Refusals and restarts',
    all.map((event) => oneEvent(event, at)),
  )
}

function oneEvent({ what, count, at: when }: EventView, at: string): Markup {
  return html`<li>${what}<p class="soft small">${count > 1 && `${rounded(count)} times, last `}${ago(when, at)}</p></li>`
}

/** A list under a heading. */
export function listCard(id: string, title: string, items: readonly Markup[]): Markup {
  return html`<section class="card" aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${
    items.length === 0 ? html`<p class="soft">None.</p>` : html`<ul class="plain">${items}</ul>`
  }</section>`
}

/** This program itself. */
export function controlPlane({ controlPlane: view, version, since, at, isEmbedded }: Overview): Markup {
  const { heapUsed, heapMax, resident, storeBytes, storeFreeBytes, addedRoute } = view
  const times =
    addedRoute.p50 === null
      ? 'none since the start'
      : `${latency(addedRoute.p50)} (p50), ${latency(addedRoute.p99 ?? 0)} (p99)`
  return html`<section class="card" aria-labelledby="control-plane"><h2 id="control-plane">Control plane</h2><dl class="facts">
${fact('Version', version)}
${fact('Started', ago(since, at))}
${fact('Memory', `${bytes(heapUsed)} of ${bytes(heapMax)} heap (${percent(heapUsed / heapMax)}), ${bytes(resident)} in all`)}
${fact('Store', storeBytes === null ? 'not in files' : `${bytes(storeBytes)}, ${storeFreeBytes === null ? 'space not known' : `${bytes(storeFreeBytes)} free`}`)}
${fact('Adding a route', times)}
${fact('Envoys', isEmbedded ? 'started and watched here' : 'run elsewhere')}
</dl></section>`
}
