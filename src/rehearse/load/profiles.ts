import type { ProfileName } from '../record.js'

/** What a class of users is like. Times are milliseconds; means are those of independent events. */
export interface Profile {
  /** For the help and the report. */
  readonly description: string
  /** Within which share of the whole time all users come, and within which time at most. */
  readonly ramp: { readonly share: number; readonly mostMs: number }
  /** `front`: most come early within the ramp, as when a lecture begins; `even`: at any time alike. */
  readonly arrivals: 'front' | 'even'
  /** The share of users whose tab is visible: JupyterLab polls only then. */
  readonly visible: number
  /** Means of the time from one to the next; undefined: never. */
  readonly cellMs: number | undefined
  readonly saveMs: number | undefined
  readonly uploadMs: number | undefined
  readonly downloadMs: number | undefined
  /** What each does when the notebook is open. */
  readonly opening: readonly Deed[]
  /** What each does shortly before the end. */
  readonly ending: readonly Deed[]
  /** Mean of how long they stay; undefined: to the end. */
  readonly stayMs: number | undefined
  /** The share that is gone from one moment to the next, at some time: a closed laptop, a lost network. */
  readonly abrupt: number
  /** The share of these that comes back, within a minute or so. */
  readonly returns: number
}

export type Deed = 'cell' | 'poll' | 'save' | 'upload' | 'download'

const MINUTE = 60_000

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  lecture: {
    description: 'all come within five minutes, fetch the same file and follow along; some close their laptops',
    ramp: { share: 0.5, mostMs: 5 * MINUTE },
    arrivals: 'front',
    ...{ visible: 0.8, cellMs: 20_000, saveMs: 2 * MINUTE, uploadMs: 15 * MINUTE, downloadMs: 10 * MINUTE },
    ...{ opening: ['download', 'cell'], ending: [], stayMs: undefined, abrupt: 0.15, returns: 0.8 },
  },
  homework: {
    description: 'they come and go at any time, think long, and upload what they have made',
    ramp: { share: 0.9, mostMs: Number.POSITIVE_INFINITY },
    arrivals: 'even',
    ...{ visible: 0.6, cellMs: 45_000, saveMs: 2 * MINUTE, uploadMs: 8 * MINUTE, downloadMs: 8 * MINUTE },
    ...{ opening: ['cell'], ending: ['save', 'upload'], stayMs: 20 * MINUTE, abrupt: 0.2, returns: 0.3 },
  },
  exam: {
    description: 'all come within a minute, save all the time, and hand in at the same moment',
    ramp: { share: 0.25, mostMs: MINUTE },
    arrivals: 'front',
    ...{ visible: 1, cellMs: 15_000, saveMs: 20_000, uploadMs: undefined, downloadMs: undefined },
    ...{
      opening: ['download', 'cell', 'save'],
      ending: ['save', 'upload'],
      stayMs: undefined,
      abrupt: 0.05,
      returns: 1,
    },
  },
  idle: {
    description: 'they have opened a notebook and do nothing; most tabs are hidden, all websockets stay open',
    ramp: { share: 0.35, mostMs: 10 * MINUTE },
    arrivals: 'even',
    ...{ visible: 0.2, cellMs: undefined, saveMs: 30 * MINUTE, uploadMs: undefined, downloadMs: undefined },
    ...{ opening: ['cell'], ending: [], stayMs: undefined, abrupt: 0.2, returns: 0.3 },
  },
}
