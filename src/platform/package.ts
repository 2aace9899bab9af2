import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The directory that holds package.json, with a slash at its end: of a clone, or wherever the package is installed. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** The version in package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(`${PACKAGE_ROOT}package.json`, 'utf8')) as { version: string }).version
}
