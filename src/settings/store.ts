import type { OptionSpec, OptionValues } from './option.js'

export const DEFAULT_BACKEND = 'lmdb'

/** Where routes are kept. */
export const STORE_OPTIONS = [
  {
    flags: '--storage-backend <storage-class>',
    description: 'What keeps routes: lmdb, on disk, memory, or a Node.js module with a storage class of CHP',
    defaultDescription: DEFAULT_BACKEND,
  },
  {
    flags: '--state-dir <directory>',
    description: 'Directory that routes are kept in, of this user alone; made if it is not there',
    defaultDescription: 'one a public address, in XDG_STATE_HOME or ~/.local/state',
  },
] as const satisfies readonly OptionSpec[]

export type StoreOptions = OptionValues<typeof STORE_OPTIONS>

export interface StoreSettings {
  /** See openStore. */
  readonly backend: string
  /** The directory that routes are kept in; undefined for the one that belongs to the public address. */
  readonly stateDir: string | undefined
}

export function readStoreSettings({ storageBackend, stateDir }: StoreOptions): StoreSettings {
  return { backend: storageBackend ?? DEFAULT_BACKEND, stateDir }
}
