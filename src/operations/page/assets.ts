import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { PACKAGE_ROOT } from '../../platform/package.js'

/** The page's style and script, and how a browser recognises them. */
export interface Assets {
  readonly style: string
  readonly script: string
  /** For `style-src` and `script-src`: nothing else may be applied or run. */
  readonly hashes: { readonly style: string; readonly script: string }
}

/** Reads them from `status/`. */
export async function readAssets(): Promise<Assets> {
  const [style, script] = await Promise.all([read('style.css'), read('live.js')])
  return { style, script, hashes: { style: hash(style), script: hash(script) } }
}

/** HTML has no way to write these in a style or a script. */
async function read(name: string): Promise<string> {
  const text = await readFile(`${PACKAGE_ROOT}status/${name}`, 'utf8')
  if (/<\/(style|script)|<!--/i.test(text)) throw new Error(`status/${name} can't be part of a page`)
  return text
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
