import { AddressBook } from '../names/address-book.js'
import { keepAddresses, readAddresses } from '../names/address-file.js'
import type { HostResolver } from '../names/resolver.js'
import type { Clock } from '../platform/clock.js'
import type { Logger } from '../platform/log.js'
import type { Shutdown } from '../platform/shutdown.js'
import { SparseLog } from '../platform/sparse-log.js'
import { hostNameOf } from '../resources/clusters/cluster.js'
import type { RoutePublication } from '../routing/route.js'
import type { Target } from '../routing/target.js'

export interface HostNamesOptions {
  readonly resolver: HostResolver
  /** Targets other than those of routes. */
  readonly others: readonly Target[]
  /** Where the addresses are stored for the next start; undefined to store none. */
  readonly directory: string | undefined
  readonly log: Logger
  readonly shutdown: Shutdown
  readonly clock: Clock | undefined
  /** Called for each query that fails. */
  readonly onFailed: () => void
}

export interface HostNames {
  readonly addresses: AddressBook
  /**
   * Resolves the names of stored routes, or takes their stored addresses. Must be called before the routes are
   * published.
   *
   * @param onChanged called from now on when the addresses of a name have changed
   */
  readonly begin: (routes: readonly RoutePublication[], onChanged: (host: string) => void) => Promise<void>
}

/** Makes the address book of targets with host names, and stores its addresses for the next start. */
export function hostNames({
  resolver,
  others,
  directory,
  log,
  shutdown,
  clock,
  onFailed,
}: HostNamesOptions): HostNames {
  const unknown = new SparseLog((line) => log.warn(line))
  let notify = (_host: string) => {}
  const addresses = new AddressBook({
    resolver: observed(resolver, onFailed),
    always: new Set(others.flatMap((target) => hostNameOf(target) ?? [])),
    clock,
    onChanged: (host) => {
      notify(host)
      keeper?.changed()
    },
    onUnknown: (host, reason) =>
      unknown.add(`The host name ${host} can't be resolved: ${reason}. Its routes answer 503. Will retry`),
  })
  shutdown.push(() => addresses.close())
  const keeper = directory === undefined ? undefined : keepAddresses({ directory, all: () => addresses.all(), log })
  shutdown.push(() => keeper?.close())
  const begin: HostNames['begin'] = async (routes, onChanged) => {
    notify = onChanged
    const hosts = new Set(routes.flatMap(({ target }) => hostNameOf(target) ?? []))
    await addresses.begin(hosts, directory === undefined ? new Map() : await readAddresses(directory, log))
  }
  return { addresses, begin }
}

/** The same resolver; tells of queries that fail. */
function observed(resolver: HostResolver, onFailed: () => void): HostResolver {
  return {
    resolve: (...query) =>
      resolver.resolve(...query).catch((error: Error) => {
        onFailed()
        throw error
      }),
    get silent() {
      return resolver.silent
    },
    fullName: (host) => resolver.fullName(host),
    remember: (host, fullName) => resolver.remember(host, fullName),
    forget: (host) => resolver.forget(host),
    close: () => resolver.close(),
  }
}
