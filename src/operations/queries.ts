import type { ApiCall } from '../api/call.js'
import type { Question } from './explain/explanation.js'
import type { RoutesQuery } from './status/routes-view.js'
import { MAX_PAGE_SIZE, PAGE_SIZE, SORT_KEYS } from './status/routes-view.js'

/** Enough for any path that is looked for, in characters. */
const FILTER_LIMIT = 1_000

/** The question in `?path=/the/path&host=the.host`; undefined if there is no path in it. A query of the path is left out. */
export function questionOf(call: ApiCall): Question | undefined {
  const query = parametersOf(call)
  const [path = ''] = (query.get('path') ?? '').split(/[?#]/, 1)
  if (!path.startsWith('/')) return undefined
  return { path, host: query.get('host') || null }
}

/**
 * What somebody has typed or pasted as the path of a question: also an address, which has the host too, and a path
 * without its first slash. Undefined if there is nothing.
 */
export function searchOf(call: ApiCall): Question | undefined {
  const query = parametersOf(call)
  const text = (query.get('path') ?? '').trim()
  if (text === '') return undefined
  const [, authority, rest = text] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(text) ?? []
  const host = authority?.replace(/^.*@/s, '') ?? query.get('host')
  const [path = ''] = rest.split(/[?#]/, 1)
  return { path: path.startsWith('/') ? path : `/${path}`, host: host || null }
}

/** What `?filter=&sort=&order=&page=&size=` ask for. What is missing or makes no sense is as usual. */
export function routesQueryOf(call: ApiCall): RoutesQuery {
  const query = parametersOf(call)
  return {
    filter: (query.get('filter') ?? '').trim().slice(0, FILTER_LIMIT),
    sort: SORT_KEYS.find((key) => key === query.get('sort')) ?? 'route',
    isDescending: query.get('order') === 'desc',
    page: numberIn(query.get('page'), Number.MAX_SAFE_INTEGER) ?? 1,
    size: numberIn(query.get('size'), MAX_PAGE_SIZE) ?? PAGE_SIZE,
  }
}

function parametersOf(call: ApiCall): URLSearchParams {
  const { url } = call
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
}

/** A whole number from 1 to `most`; undefined for anything else. */
function numberIn(text: string | null, most: number): number | undefined {
  if (text === null || !/^[1-9]\d*$/.test(text)) return undefined
  return Math.min(Number(text), most)
}
