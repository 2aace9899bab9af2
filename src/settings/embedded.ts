import { availableParallelism } from 'node:os'
import type { OptionSpec, OptionValues } from './option.js'
import { wholeNumber } from './option.js'

/** The Envoy that this process starts. */
export const EMBEDDED_OPTIONS = [
  {
    flags: '--envoy-path <file>',
    description: 'Envoy to run; also ENVOY_PATH in the environment',
    defaultDescription: 'found on the PATH or fetched once',
  },
  {
    flags: '--workers <n>',
    description: "Envoy's worker threads",
    defaultDescription: 'one a processor, at most 4',
    number: wholeNumber('The number of workers', 1, 256),
  },
  {
    flags: '--orphan-timeout <seconds>',
    description: 'How long Envoy keeps serving after this process has died and is not restarted; 0 for no limit',
    default: 600,
    number: wholeNumber('The time in seconds', 0, 999_999_999),
  },
] as const satisfies readonly OptionSpec[]

export type EmbeddedOptions = OptionValues<typeof EMBEDDED_OPTIONS>

export interface EmbeddedSettings {
  /** Undefined if Envoy has to be found or fetched. */
  readonly envoyPath: string | undefined
  readonly workers: number
  /** How many seconds Envoy keeps serving after the control plane has died; 0 for no limit. */
  readonly orphanSeconds: number
}

/** Four workers carry far more than a hub's traffic, and each costs memory. */
const DEFAULT_MAX_WORKERS = 4

export function readEmbedded(options: EmbeddedOptions, env: NodeJS.ProcessEnv): EmbeddedSettings {
  return {
    envoyPath: options.envoyPath ?? (env.ENVOY_PATH || undefined),
    workers: options.workers ?? Math.min(availableParallelism(), DEFAULT_MAX_WORKERS),
    orphanSeconds: options.orphanTimeout,
  }
}
