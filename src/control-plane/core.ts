import type { DataPlane } from '../data-plane/data-plane.js'
import type { AddressBook } from '../names/address-book.js'
import type { HostResolver } from '../names/resolver.js'
import { watchedStore } from '../operations/recent/watched-store.js'
import type { Clock } from '../platform/clock.js'
import { SYSTEM_CLOCK } from '../platform/clock.js'
import { FatalError } from '../platform/fatal-error.js'
import type { Logger } from '../platform/log.js'
import type { Shutdown } from '../platform/shutdown.js'
import type { TargetTls } from '../resources/clusters/target-tls.js'
import { secretsCluster } from '../resources/clusters/target-tls.js'
import { failureLines } from '../resources/counters/failure-log.js'
import { encodeNamedResource, encodeResource } from '../resources/encode.js'
import { FAILURE_LINES, OTLP_COLLECTOR, SECRETS_CLUSTER, TYPE_URL } from '../resources/names.js'
import { readScripts } from '../resources/scripts.js'
import { collectorCluster } from '../resources/tracing/tracing.js'
import type { RoutePublisher } from '../routing/publisher.js'
import type { RoutePublication } from '../routing/route.js'
import type { OpenedStore } from '../routing/store.js'
import { RouteTable } from '../routing/table.js'
import type { Target } from '../routing/target.js'
import type { Settings } from '../settings/settings.js'
import type { Rejection } from '../xds/delivery.js'
import type { Resource } from '../xds/resource.js'
import type { ServedCollection } from '../xds/served-collection.js'
import type { AdsCollections } from '../xds/stream.js'
import { ClusterPublisher } from './clusters.js'
import { makeCollections } from './collections.js'
import { provideErrorPages } from './error-pages.js'
import { ErrorTargetPublisher } from './error-target.js'
import { hostNames } from './host-names.js'
import { listenerResources, listenersWithoutPort } from './listeners.js'
import { LookupPublisher } from './lookup.js'
import { targetReader } from './own-servers.js'
import { unusableLine } from './refusal-lines.js'
import type { SecretPublisher } from './secrets.js'
import type { ChangeObserver } from './timed.js'
import { timedPublisher, timedStore } from './timed.js'

export interface CoreOptions {
  readonly settings: Settings
  readonly log: Logger
  readonly store: OpenedStore
  readonly envoys: Pick<DataPlane, 'waitPolicy' | 'recoverable' | 'onUnusable' | 'recover'>
  readonly resolver: HostResolver
  readonly shutdown: Shutdown
  /** Called whenever an Envoy rejects a resource. */
  readonly onRejected: (rejection: Rejection) => void
  /** Called for each change of a route that the store was to write, with the error if it could not. */
  readonly onWritten: (key: string, error: Error | undefined) => void
  readonly observer: ChangeObserver & {
    /** A query for a host name has failed. */
    queryFailed(): void
  }
  /** The system's, unless a test passes its own. */
  readonly clock?: Clock
}

/** The control plane without its servers: the route table and all resources for Envoys. */
export interface Core {
  readonly table: RouteTable
  readonly clusters: ServedCollection
  readonly listeners: ServedCollection
  /** The same listeners for an Envoy that tries them out while another one serves. */
  readonly listenersWithoutPort: readonly Resource[]
  readonly secrets: SecretPublisher
  readonly publisher: ClusterPublisher
  readonly errorTarget: ErrorTargetPublisher
  readonly addresses: AddressBook
  /** What an ADS stream serves. */
  readonly collections: AdsCollections
}

/**
 * Makes the table and the collections, and fills them with all resources that the first Envoy needs when it connects.
 *
 * @throws FatalError explaining why it can't start
 */
export async function createCore(options: CoreOptions): Promise<Core> {
  const { settings, log, store, envoys, shutdown, clock = SYSTEM_CLOCK } = options
  const { routing, forwarding, limits } = settings
  const readTarget = targetReader(settings)
  checkOptions(settings, readTarget)

  const { clusters, listeners, routeConfigurations, tokenBuckets, secrets } = makeCollections({
    ...{ tls: settings.tls, collectorAuthorities: settings.tracing?.authorities, policy: envoys.waitPolicy },
    ...{ log, clock, onRejected: options.onRejected },
    onUnusable: (message) => envoys.onUnusable(message),
  })
  secrets.start()
  shutdown.push(() => secrets.close())
  const names = hostNames({
    ...{ resolver: options.resolver, directory: store.directory, log, shutdown, clock },
    onFailed: () => options.observer.queryFailed(),
    others: settings.errorPages.target === undefined ? [] : [settings.errorPages.target.target],
  })
  const targetTls = targetTlsOf(settings)
  const lookup = new LookupPublisher(routeConfigurations, settings)
  const publisher = new ClusterPublisher({
    ...{ clusters, lookup },
    settings: { targetTls, hostRouting: routing.hostRouting, forwarding, limits },
    ...{ recoverable: envoys.recoverable, named: isNamed(settings) },
    addresses: names.addresses,
    warn: (line) => log.warn(line),
  })
  const table = makeTable(publisher, readTarget, options)

  const routes = await loadRoutes(table, options)
  const errorTarget = new ErrorTargetPublisher(settings.errorPages.target?.target, {
    ...{ clusters: clusters.collection, addresses: names.addresses },
    settings: { targetTls },
  })
  await names.begin(routes, (host) => {
    publisher.addressesChanged(host)
    errorTarget.addressesChanged(host)
  })
  publisher.load(routes)
  errorTarget.publish()
  setOwnClusters(settings, targetTls, clusters)
  tokenBuckets.collection.set(FAILURE_LINES, encodeNamedResource(TYPE_URL.tokenBucket, FAILURE_LINES, failureLines()))
  const scripts = await readScripts()
  lookup.load(routes, scripts)
  table.follow()
  const errorPages = provideErrorPages(settings.errorPages, { scripts, log })
  const ports = listenerResources(settings, errorPages, scripts)
  for (const listener of ports) listeners.collection.set(listener.name, listener)
  return {
    ...{ table, clusters, listeners, secrets, publisher, errorTarget, addresses: names.addresses },
    listenersWithoutPort: listenersWithoutPort(settings, errorPages, scripts),
    collections: {
      ordered: [clusters, listeners, routeConfigurations],
      onDemand: [secrets.served, tokenBuckets],
    },
  }
}

function makeTable(
  publisher: RoutePublisher,
  readTarget: (text: string) => Target,
  { settings, store, observer, onWritten }: CoreOptions,
): RouteTable {
  return new RouteTable({
    store: timedStore(watchedStore(store, onWritten), observer),
    publisher: timedPublisher(publisher, observer),
    hostRouting: settings.routing.hostRouting,
    readTarget,
    now: () => new Date(),
  })
}

/** Whether an access log or traces need the names of routes. */
function isNamed({ accessLog, tracing }: Settings): boolean {
  return accessLog !== undefined || tracing !== undefined
}

/** Sets the clusters that lead to no target. */
function setOwnClusters({ tracing }: Settings, targetTls: TargetTls, { collection }: ServedCollection): void {
  collection.set(SECRETS_CLUSTER, encodeResource(TYPE_URL.cluster, secretsCluster(targetTls)))
  if (tracing === undefined) return
  collection.set(OTLP_COLLECTOR, encodeResource(TYPE_URL.cluster, collectorCluster(tracing)))
}

function targetTlsOf({ tls: { targets } }: Settings): TargetTls {
  return { showCertificate: targets.certificate !== undefined, verify: targets.authorities !== undefined }
}

/** @throws FatalError if a target in the options leads back to this proxy */
function checkOptions({ routing, errorPages }: Settings, readTarget: (text: string) => unknown): void {
  const targets = { '--default-target': routing.defaultTarget, '--error-target': errorPages.target?.url }
  for (const [flag, target] of Object.entries(targets)) {
    try {
      if (target !== undefined) readTarget(target)
    } catch (error) {
      throw new FatalError(`${flag}: ${(error as Error).message}`)
    }
  }
}

async function loadRoutes(
  table: RouteTable,
  { settings: { routing }, store, envoys, log }: CoreOptions,
): Promise<RoutePublication[]> {
  const recovered = store.isNew ? await envoys.recover() : []
  const onDefaultNotStored = (error: Error) =>
    log.warn(
      `The default target is in use, but could not be stored: ${error.message}. A start without --default-target uses the previous one.`,
    )
  try {
    const routes = await table.load({ defaultTarget: routing.defaultTarget, recovered, onDefaultNotStored })
    log.info(
      store.isDurable
        ? `Routes are kept in ${store.where}, ${table.restored} restored`
        : `Routes are kept in ${store.where} and end with this process`,
    )
    for (const [routespec, reason] of table.refusals()) log.warn(unusableLine(routespec, reason))
    return routes
  } catch (error) {
    if (error instanceof FatalError || recovered.length === 0) throw error
    throw new FatalError(
      `Could not store the routes that were recovered from the running Envoy: ${(error as Error).message}`,
    )
  }
}
