import type { Certificate } from '../../test/support/certificate.js'
import type { Contender, ContenderName, Route, RunningProxy, Setup } from '../contenders/contender.js'
import type { Backends } from '../load/backends.js'
import type { Effort } from '../suite/effort.js'

/** What a piece of work measures, by name. */
export interface Figure {
  readonly title: string
  readonly unit: 'req/s' | 'messages/s' | 'MB/s' | 'ms' | 's' | 'us' | 'MiB' | 'KiB' | '%'
  /** It says under what condition the others were measured, so that no contender is better at it. */
  readonly isCondition?: boolean
}

/** Whether more of it is better. */
export function isMoreBetter({ unit }: Figure): boolean {
  return unit.endsWith('/s')
}

export type Values = Readonly<Record<string, number>>

/** In what a proxy stands while it is measured. */
export interface Scene {
  /** Routes `/user/u0`, `/user/u1` and so on, which lead to small answers. */
  readonly users: number
  readonly tls?: boolean
  /** 1 if not given. */
  readonly workers?: number
}

/** What every piece of work has at hand. */
export interface Stage {
  readonly contender: Contender
  readonly backends: Backends
  readonly certificate: Certificate
  readonly effort: Effort
  /** For files that are needed only now. */
  readonly directory: string
  /** What a proxy is started with: for the scene's, or for one that the work starts itself. */
  setup(scene: Scene, more?: readonly Route[]): Setup
  /** The median of what was measured of a contender before, if it was. */
  seen(work: string, contender: ContenderName, figure: string): number | undefined
}

interface Described {
  /** As `--only` takes it. */
  readonly name: string
  /** What is done, in a sentence. */
  readonly title: string
  readonly figures: Readonly<Record<string, Figure>>
  /** Who takes part. */
  readonly contenders: readonly ContenderName[]
}

/** Work on a proxy that was started before and stands for all rounds. */
export interface StandingWork extends Described {
  readonly scene: Scene
  measure(stage: Stage, proxy: RunningProxy): Promise<Values>
}

/** Work that needs a fresh proxy in each round, and starts and stops it itself. */
export interface FreshWork extends Described {
  measureFresh(stage: Stage): Promise<Values>
}

/** One file of this directory each. */
export type Work = StandingWork | FreshWork

export function isStanding(work: Work): work is StandingWork {
  return 'scene' in work
}
