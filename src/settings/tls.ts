import type { PublicTls, PublicTlsOptions } from './public-tls.js'
import { readPublicTls } from './public-tls.js'
import type { TargetTlsOptions, TargetTlsSettings } from './target-tls.js'
import { readTargetTls } from './target-tls.js'

export type TlsOptions = PublicTlsOptions & TargetTlsOptions

/** TLS on the public port and towards targets. */
export interface TlsSettings {
  /** Undefined where the public port speaks plain HTTP. */
  readonly public: PublicTls | undefined
  readonly targets: TargetTlsSettings
  /** What the operator should know about both. */
  readonly warnings: readonly string[]
}

/** @throws FatalError if a file can't be used, or an option has an unsupported value */
export async function readTlsSettings(options: TlsOptions, env: NodeJS.ProcessEnv): Promise<TlsSettings> {
  const { tls, warnings } = await readPublicTls(options, env)
  const targets = await readTargetTls(options, env)
  return { public: tls, targets, warnings: [...warnings, ...targets.warnings] }
}
