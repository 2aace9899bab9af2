/*
 * The static files of a real JupyterLab. Its page names few of them; the others are loaded by the first script, which has their
 * names in a table: `28:"b5145a84e3a511427e72"` is 28.b5145a84e3a511427e72.js beside it.
 */

const ASSET = /(?:src|href)="(\/[^"]+\.(?:js|css|woff2?|ico|png|svg)(?:\?[^"]*)?)"/g

const FIRST_SCRIPT = /\/main\.[0-9a-f]+\.js(?:\?|$)/

const CHUNK = /\b(\d+):"([0-9a-f]{16,40})"/g

/** A chunk that has a name in place of its number: `4470===e?"jlab_core":e`. */
const NAMED = /\b(\d+)===\w+\?"([\w-]+)":/g

/** The paths of the files that a page names. */
export function filesIn(page: string): string[] {
  return [...new Set([...page.matchAll(ASSET)].flatMap(([, path]) => path ?? []))]
}

/** The script that loads the others; undefined if the page has none like JupyterLab's. */
export function firstScript(files: readonly string[]): string | undefined {
  return files.find((path) => FIRST_SCRIPT.test(path))
}

/** The names of the files that it loads, beside it. */
export function chunksIn(script: string): string[] {
  const names = new Map([...script.matchAll(NAMED)].map(([, id = '', name = '']) => [id, name]))
  const files = [...script.matchAll(CHUNK)].map(([, id = '', hash]) => `${names.get(id) ?? id}.${hash}.js?v=${hash}`)
  return [...new Set(files)]
}

/** A file beside another one. */
export function beside(path: string, name: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1) + name
}
