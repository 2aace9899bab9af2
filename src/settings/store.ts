import { InvalidArgumentError } from 'commander'
import { FatalError } from '../platform/fatal-error.js'
import type { EtcdConnection } from '../store/etcd/endpoints.js'
import type { EtcdOptions } from './etcd.js'
import { readEtcd, warningsAboutEtcd } from './etcd.js'
import type { OptionSpec, OptionValues } from './option.js'

/** The name of a set of routes in Kubernetes or etcd, unless an option gives another. */
export const DEFAULT_STORAGE_NAME = 'proxy-routes'

/** Where routes are kept. */
export const STORE_OPTIONS = [
  {
    flags: '--storage-backend <storage-class>',
    description:
      'What keeps routes: lmdb, on disk, kubernetes, in ConfigMaps, etcd, memory, or a Node.js module with a storage class of CHP',
    defaultDescription: 'kubernetes in a pod that may, without --state-dir, else lmdb',
  },
  {
    flags: '--storage-name <name>',
    description:
      'For kubernetes and etcd: what sets the routes apart from those of another proxy in the namespace or the etcd',
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
  /** How etcd is reached, if it keeps routes. */
  readonly etcd: EtcdConnection | undefined
  /** What the operator should know about it. */
  readonly warnings: readonly string[]
}

/** @throws FatalError if the options don't fit each other or a file can't be used */
export async function readStoreSettings(
  options: StoreOptions & EtcdOptions,
  env: NodeJS.ProcessEnv,
): Promise<StoreSettings> {
  const { storageBackend: backend, storageName: name, stateDir } = options
  const etcd = await readEtcd(options, env)
  if (backend === 'etcd' && etcd === undefined) throw new FatalError('--storage-backend etcd needs --etcd-endpoints.')
  if (backend !== 'etcd' && etcd !== undefined) {
    throw new FatalError('--etcd-endpoints goes with --storage-backend etcd.')
  }
  return { backend, name, stateDir, etcd, warnings: etcd === undefined ? [] : [...warningsAboutEtcd(etcd)] }
}

/** It begins the names of Kubernetes objects. @throws InvalidArgumentError */
export function readStorageName(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(text)) return text
  throw new InvalidArgumentError('A name has up to 40 lower-case letters, digits and hyphens, no hyphen at its ends.')
}
