/** The options of where routes are kept. */
export interface StoreOptions {
  readonly storageBackend?: string
  readonly stateDir?: string
}

export interface StoreSettings {
  /** See openStore. */
  readonly backend: string
  /** The directory to keep routes in; undefined for the one that belongs to the public address. */
  readonly stateDir: string | undefined
}

export const DEFAULT_BACKEND = 'lmdb'

export function readStoreSettings({ storageBackend, stateDir }: StoreOptions): StoreSettings {
  return { backend: storageBackend ?? DEFAULT_BACKEND, stateDir }
}
