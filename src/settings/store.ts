import { InvalidArgumentError } from 'commander'
import type { OptionSpec, OptionValues } from './option.js'

/** The name of a set of routes in Kubernetes, unless an option gives another. */
export const DEFAULT_STORAGE_NAME = 'proxy-routes'

/** Where routes are kept. */
export const STORE_OPTIONS = [
  {
    flags: '--storage-backend <storage-class>',
    description:
      'What keeps routes: lmdb, on disk, kubernetes, in ConfigMaps, memory, or a Node.js module with a storage class of CHP',
    defaultDescription: 'kubernetes in a pod that may, without --state-dir, else lmdb',
  },
  {
    flags: '--storage-name <name>',
    description: 'For kubernetes: what sets the routes apart from those of another proxy in the namespace',
    default: DEFAULT_STORAGE_NAME,
    parse: readStorageName,
  },
  {
    flags: '--state-dir <directory>',
    description: 'Directory that routes are kept in, of this user alone; made if it is not there',
    defaultDescription: 'one a public address, in XDG_STATE_HOME or ~/.local/state',
  },
] as const satisfies readonly OptionSpec[]

export type StoreOptions = OptionValues<typeof STORE_OPTIONS>

export interface StoreSettings {
  /** See openStore; undefined if it is to choose. */
  readonly backend: string | undefined
  /** The name of the routes in a store that has several such sets. */
  readonly name: string
  /** The directory that routes are kept in; undefined for the one that belongs to the public address. */
  readonly stateDir: string | undefined
}

export function readStoreSettings({ storageBackend, storageName, stateDir }: StoreOptions): StoreSettings {
  return { backend: storageBackend, name: storageName, stateDir }
}

/** It begins the names of Kubernetes objects. */
function readStorageName(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(text)) return text
  throw new InvalidArgumentError('A name has up to 40 lower-case letters, digits and hyphens, no hyphen at its ends.')
}
