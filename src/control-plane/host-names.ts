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
  /** Targets that are no routes'. */
  readonly others: readonly Target[]
  /** Where the addresses are kept for the next start; undefined if there is no such place. */
  readonly directory: string | undefined
  readonly log: Logger
  readonly shutdown: Shutdown
  readonly clock: Clock | undefined
}

export interface HostNames {
  readonly addresses: AddressBook
  /**
   * Has the names of stored routes resolved, or known from before. To be called before these are published.
   *
   * @param onChanged called from now on when a name has other addresses than before
   */
  readonly begin: (routes: readonly RoutePublication[], onChanged: (host: string) => void) => Promise<void>
}

/** The addresses of targets with host names, and all that keeps them. */
export function hostNames({ resolver, others, directory, log, shutdown, clock }: HostNamesOptions): HostNames {
  const unknown = new SparseLog((line) => log.warn(line))
  let tellChanged = (_host: string) => {}
  const addresses = new AddressBook({
    resolver,
    always: new Set(others.flatMap((target) => hostNameOf(target) ?? [])),
    clock,
    onChanged: (host) => {
      tellChanged(host)
      keeper?.changed()
    },
    onUnknown: (host, reason) =>
      unknown.add(`The host name ${host} can't be resolved: ${reason}. Its routes answer 503; it is tried again`),
  })
  shutdown.push(() => addresses.close())
  const keeper = directory === undefined ? undefined : keepAddresses({ directory, all: () => addresses.all(), log })
  shutdown.push(() => keeper?.close())
  const begin: HostNames['begin'] = async (routes, onChanged) => {
    tellChanged = onChanged
    const hosts = new Set(routes.flatMap(({ target }) => hostNameOf(target) ?? []))
    await addresses.begin(hosts, directory === undefined ? new Map() : await readAddresses(directory, log))
  }
  return { addresses, begin }
}
