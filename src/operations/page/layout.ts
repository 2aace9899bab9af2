import type { Level } from '../status/finding.js'
import type { Assets } from './assets.js'
import type { Content, Markup } from './html.js'
import { html, verbatim } from './html.js'

/** What a level is called, since colour alone tells some people nothing. */
export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  green: 'All is well',
  amber: 'Needs attention',
  red: 'Users are affected',
}

/** The colours of the icon in the browser's tab. */
const ICON_COLOURS: Readonly<Record<Level | 'none', string>> = {
  green: '14662f',
  amber: 'e2ad2b',
  red: 'a9121c',
  none: '4d5b6a',
}

/** The views that the page's navigation leads to. */
export const PLACES = { overview: '/status', routes: '/status/routes', explain: '/status/explain' } as const
export type Place = keyof typeof PLACES

export interface DocumentParts {
  readonly title: string
  /** Where in the navigation it is; undefined before the token has been shown. */
  readonly place: Place | undefined
  readonly level: Level | undefined
  /** Whether there is a session to end. */
  readonly canLogOut: boolean
  readonly main: Content
  /** The address of the same as JSON. */
  readonly json?: string
}

/** A whole page. Its style and script are in it: whoever has no session yet gets all in one answer. */
export function document(parts: DocumentParts, assets: Assets): string {
  const { title, place, level, main, json } = parts
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${icon(level)}">
<style>${verbatim(assets.style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<p>configurable-envoy-proxy</p>
${place !== undefined && navigation(place)}
${parts.canLogOut && logOut()}
</header>
<main id="main" tabindex="-1">
${main}
</main>
<footer>
${json !== undefined && html`<p>As JSON, with the token: <code>GET ${json}</code></p>`}
</footer>
${place !== undefined && html`<script>${verbatim(assets.script)}</script>`}
</body>
</html>
`
  return page.toString()
}

function navigation(place: Place): Markup {
  return html`<nav aria-label="Views">${link('overview', 'Overview', place)} ${link('routes', 'Routes', place)}</nav>`
}

function link(to: Place, name: string, place: Place): Markup {
  return html`<a href="${PLACES[to]}"${to === place && html` aria-current="page"`}>${name}</a>`
}

function logOut(): Markup {
  return html`<form method="post" action="/status/logout"><button class="plain">Log out</button></form>`
}

function icon(level: Level | undefined): string {
  const circle = `<circle cx='8' cy='8' r='7' fill='#${ICON_COLOURS[level ?? 'none']}'/>`
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>${circle}</svg>`)}`
}

/** The search box, which gives what `explain` gives. */
export function searchBox(path: string, host: string | undefined, hostRouting: boolean): Markup {
  return html`<section class="card" aria-labelledby="search"><h2 id="search">Why can't somebody reach a page?</h2>
<form class="row" action="${PLACES.explain}" role="search">
<div class="field"><label for="path">Its path or address</label><input id="path" name="path" value="${path}" required placeholder="/user/alice/lab" inputmode="url" autocapitalize="none" autocomplete="off" autocorrect="off" spellcheck="false" enterkeyhint="search"></div>
${hostRouting && html`<div class="field narrow"><label for="host">Host</label><input id="host" name="host" value="${host ?? ''}" inputmode="url" autocapitalize="none" autocomplete="off" spellcheck="false"></div>`}
<button>Explain</button>
</form></section>`
}
