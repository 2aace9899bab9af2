import { hostOf } from '../../routing/routespec.js'
import type { RoutesQuery, RoutesView, RouteView, SortKey } from '../status/routes-view.js'
import { SORT_KEYS } from '../status/routes-view.js'
import { ago, counted, rounded } from './format.js'
import type { Markup } from './html.js'
import { html } from './html.js'
import { PLACES } from './layout.js'

const SORT_NAMES: Readonly<Record<SortKey, string>> = {
  route: 'Route',
  target: 'Target',
  active: 'Last active',
  state: 'State',
}

/** The table of routes, a page of it. Everything works without a script: sorting and pages are links. */
export function routesPage(view: RoutesView, now: string, hostRouting: boolean): Markup {
  const { found, total, page, pages } = view
  const shown = found === total ? counted(total, 'route') : `${rounded(found)} of ${counted(total, 'route')}`
  return html`<h1>Routes</h1>
<section class="card routes" aria-labelledby="table">
${filterForm(view.query)}
<h2 id="table">${shown}${pages > 1 && `, page ${rounded(page)} of ${rounded(pages)}`}</h2>
${found === 0 ? html`<p>${total === 0 ? 'The table is empty: the hub has added no route yet.' : 'No route has this in its path, target or user.'}</p>` : table(view, now, hostRouting)}
${pages > 1 && pageLinks(view)}
</section>`
}

function filterForm({ filter, sort, isDescending, size }: RoutesQuery): Markup {
  return html`<form class="row" action="${PLACES.routes}" role="search" aria-label="Routes">
<div class="field"><label for="filter">Show routes with</label><input id="filter" name="filter" value="${filter}" placeholder="path, target or user" autocapitalize="none" autocomplete="off" spellcheck="false" enterkeyhint="search"></div>
<div class="field narrow"><label for="sort">Sorted by</label><select id="sort" name="sort">${SORT_KEYS.map(
    (key) => html`<option value="${key}"${key === sort && html` selected`}>${SORT_NAMES[key]}</option>`,
  )}</select></div>
<div class="field narrow"><label for="order">Order</label><select id="order" name="order"><option value="asc">Ascending</option><option value="desc"${isDescending && html` selected`}>Descending</option></select></div>
<input type="hidden" name="size" value="${size}">
<button>Show</button>
</form>`
}

/** The roles are repeated, since narrow screens show rows as blocks, and browsers forget a table's roles then. */
function table({ query, routes }: RoutesView, now: string, hostRouting: boolean): Markup {
  return html`<table role="table" aria-labelledby="table"><thead role="rowgroup"><tr role="row">${SORT_KEYS.map((key) => heading(key, query))}</tr></thead>
<tbody role="rowgroup">${routes.map((route) => row(route, now, hostRouting))}</tbody></table>`
}

function heading(key: SortKey, query: RoutesQuery): Markup {
  const isSorted = key === query.sort
  // Those that are active now are asked for more often than the oldest.
  const isDescending = isSorted ? !query.isDescending : key === 'active'
  const order = isSorted ? (query.isDescending ? 'descending' : 'ascending') : 'none'
  const href = routesAddress({ ...query, sort: key, isDescending, page: 1 })
  return html`<th role="columnheader" scope="col" aria-sort="${order}"><a href="${href}">${SORT_NAMES[key]}</a></th>`
}

function row(route: RouteView, now: string, hostRouting: boolean): Markup {
  const { routespec, target, user, server, lastActivity, refused } = route
  const who = [user && `user ${user}`, server && `server ${server}`].filter(Boolean).join(', ')
  return html`<tr role="row"><td role="cell"><a href="${explainAddress(routespec, hostRouting)}">${routespec}</a>${who !== '' && html`<div class="soft small">${who}</div>`}</td><td role="cell" data-label="Target">${target}</td><td role="cell" class="time" data-label="Last active">${ago(lastActivity, now)}</td><td role="cell" data-label="State">${
    refused === null ? 'in use' : html`<span class="tag amber">refused</span> <span class="small">${refused}</span>`
  }</td></tr>`
}

/** A routespec is a decoded path, with the host before it under --host-routing. */
function explainAddress(routespec: string, hostRouting: boolean): string {
  const host = hostRouting ? hostOf(routespec) : undefined
  const rest = host === undefined ? routespec : routespec.slice(host.length + 1) || '/'
  const path = rest.split('/').map(encodeURIComponent).join('/')
  return `${PLACES.explain}?${new URLSearchParams({ path, ...(host === undefined ? {} : { host }) })}`
}

function pageLinks({ query, page, pages }: RoutesView): Markup {
  const to = (number: number, name: string) => html`<a href="${routesAddress({ ...query, page: number })}">${name}</a>`
  return html`<nav class="pages" aria-label="Pages"><span>${page > 1 && [to(1, 'First'), ' ', to(page - 1, 'Previous')]}</span><span>Page ${rounded(page)} of ${rounded(pages)}</span><span>${page < pages && [to(page + 1, 'Next'), ' ', to(pages, 'Last')]}</span></nav>`
}

/** The address of a page of the table, and with another path that of the same as JSON. */
export function routesAddress(
  { filter, sort, isDescending, page, size }: RoutesQuery,
  path = PLACES.routes as string,
): string {
  const order = isDescending ? 'desc' : 'asc'
  return `${path}?${new URLSearchParams({ filter, sort, order, page: String(page), size: String(size) })}`
}
